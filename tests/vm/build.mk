# SPDX-License-Identifier: GPL-2.0-only OR MIT

# Process 1 has no libraries under it, and is never built with sanitizers.
build/tests/vm/init: tests/vm/init.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -fsanitize% -fno-sanitize%,$(CFLAGS)) -static -o $@ $<

TESTS += build/tests/vm/init

$(eval $(call check,vm-boot,build/tests/vm/init,tests/vm/check-boot,600))
