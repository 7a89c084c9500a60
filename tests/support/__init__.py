"""What the tests stand on: setting up a machine, serving the site, driving a browser."""
