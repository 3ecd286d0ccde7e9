# What a person runs; the scripts say what they do.
.PHONY: check test test-long measure cluster cluster-down completions pictures

# After each change: under three minutes on two cores.
check:
	@tests/check

test:
	@tests/run

test-long: test
	@cargo package --locked --quiet --workspace --exclude bluegreen-testkit
	@PROPTEST_CASES=1000 cargo test --quiet --workspace --test it plan_properties
	@BLUEGREEN_PAIRS=random:400 cargo test --quiet --workspace --test it cuts::pairs_of_cuts -- --nocapture
	@BLUEGREEN_SEQUENCES=random:400 tests/cluster/run differential::draws
	@fuzz/run 60
	@tests/sabotage/run
	@$(MAKE) --no-print-directory measure

# Switches by the hundred: about an hour. Writes docs/results/, and the tables of docs/zero-loss.md.
# A part of it: tests/cluster/run --ignored matrix::w1, which writes only with BLUEGREEN_REFRESH=1.
measure:
	@code=0; BLUEGREEN_REFRESH=1 tests/cluster/run --ignored || code=$$?; \
	BLUEGREEN_REFRESH=1 tests/cluster/run zero_loss || code=$$?; \
	BLUEGREEN_REFRESH=1 tests/cluster/run reload_fails || code=$$?; \
	BLUEGREEN_REFRESH=1 tests/cluster/run marker::a_release || code=$$?; \
	BLUEGREEN_REFRESH=1 cargo test --quiet --workspace --test cli results_page && exit $$code

cluster:
	@tests/cluster/up

cluster-down:
	@tests/cluster/down

# The scripts for shells in completions/ and docs/commands.md, after a change of the command line.
completions:
	@BLUEGREEN_REFRESH=1 cargo test --quiet --workspace --test cli -- completions::scripts_are_current commands_page

# The README's pictures in docs/pictures/, after a change of what a terminal shows.
pictures:
	@BLUEGREEN_REFRESH=1 tests/cluster/run pictures::
