# SPDX-License-Identifier: Apache-2.0
# The models of the suspend protocols, checked by spin.

model:
	@scripts/deps
	@tests/model/run.py $(ARGS)

.PHONY: model
