# What a person runs; the scripts say what they do.
.PHONY: test test-long cluster cluster-down completions pictures

test:
	@tests/run

test-long: test
	@tests/sabotage/run

cluster:
	@tests/cluster/up

cluster-down:
	@tests/cluster/down

# The scripts for shells in completions/, after a change of the command line.
completions:
	@BLUEGREEN_REFRESH=1 cargo test --quiet --test cli completions::scripts_are_current

# The README's pictures in docs/pictures/, after a change of what a terminal shows.
pictures:
	@BLUEGREEN_REFRESH=1 tests/cluster/run pictures::
