"""The roof: compose the pages, the API and the sockets from all apps."""
