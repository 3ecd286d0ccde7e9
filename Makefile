# What a person runs; the scripts say what they do.
.PHONY: test test-long cluster cluster-down

test:
	@tests/run

test-long: test
	@tests/sabotage/run

cluster:
	@tests/cluster/up

cluster-down:
	@tests/cluster/down
