module tulle.dev/test/peer

go 1.21
