# SPDX-License-Identifier: GPL-2.0-only OR MIT

# Process 1 has no libraries under it, and is never built with sanitizers.
build/tests/vm/init: tests/vm/init.c | build/tests/vm/tsc
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -fsanitize% -fno-sanitize%,$(CFLAGS)) -static -o $@ $<

TESTS += build/tests/vm/init

build/tests/vm/tsc: tests/vm/tsc.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -fsanitize% -fno-sanitize%,$(CFLAGS)) -o $@ $<

$(eval $(call check,vm-boot,build/tests/vm/init,tests/vm/check-boot,600))

# Mistakes on purpose, for the kernels that are there to see them.
FAULTY := tests/vm/faulty
build/%/faulty/faulty.ko: $(wildcard $(FAULTY)/*) tests/vm/module
	$(call say,MODULE,$@)
	+$(Q)tests/vm/module -s $(FAULTY) $* build/$*/faulty

$(eval $(call check,vm-mistakes-debug,build/tests/vm/init build/debug/faulty/faulty.ko,tests/vm/check-debug debug,300))
$(eval $(call soak,vm-mistakes-kcsan,build/tests/vm/init build/kcsan/faulty/faulty.ko,tests/vm/check-debug kcsan,300))
