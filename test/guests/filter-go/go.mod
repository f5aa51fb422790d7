module filter-go

go 1.24

require tulle.dev/sdk/filter-go v0.0.0

replace tulle.dev/sdk/filter-go => ../../../sdk/filter-go
