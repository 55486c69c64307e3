# SPDX-License-Identifier: GPL-2.0-only OR MIT
# The commands from outside.

$(eval $(call check,tools,$(O)/userspace/tools/sono,tests/tools/sono,120))
