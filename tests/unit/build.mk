# SPDX-License-Identifier: MIT
# One folder per part, one test per source file.

include $(sort $(wildcard tests/unit/*/build.mk))
