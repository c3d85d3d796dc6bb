from audit.migration import run

run()
