module tulle.dev/sdk/filter-go

go 1.24
