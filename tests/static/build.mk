# SPDX-License-Identifier: Apache-2.0
#
# make static     every static check (docs/proof.md); with the deepest call chains and the table of coverage
# make coverage   how much of the pure code the unit tests run

static:
	@scripts/deps
	@tests/static/run.py --print

coverage:
	@scripts/deps
	@tests/static/coverage.py

.PHONY: static coverage
