# SPDX-License-Identifier: GPL-2.0-only OR MIT
# Fuzzers of what reads files and messages, with libFuzzer and the sanitizers:
# built by clang, libraries and all, in a directory of their own.

FUZZERS := plan recording vfio
FUZZ_SAN := fuzzer-no-link,address,undefined
FUZZ_O := build/san-$(subst $(comma),-,$(FUZZ_SAN))

ifeq ($(SAN),$(FUZZ_SAN))
define fuzzer
$(call test-program,tests/fuzz/$(1),tests/fuzz/$(1).c,$(2))
$(O)/tests/fuzz/$(1): LDFLAGS += -fsanitize=fuzzer
endef
$(eval $(call fuzzer,plan,userspace/libsono/libsono.a userspace/dsp/libdsp.a \
	fpga-sim/libsim.a -lconfig -ljansson -luring -lz -pthread))
$(eval $(call fuzzer,recording,userspace/libsono/libsono.a \
	userspace/dsp/libdsp.a fpga-sim/libsim.a -lconfig -ljansson -luring -lz))
$(eval $(call fuzzer,vfio,fpga-sim/libserver.a fpga-sim/libsim.a))
else ifeq ($(SAN),)
fuzzers:
	+$(Q)$(MAKE) CC=clang-19 SAN=$(FUZZ_SAN) \
		$(addprefix $(FUZZ_O)/tests/fuzz/,$(FUZZERS))
.PHONY: fuzzers

# Calls to the driver, in a guest (tests/kselftest/build.mk).
$(O)/tests/fuzz/uapi.o: CPPFLAGS += -Itests/kselftest
$(eval $(call test-program,tests/fuzz/uapi,tests/fuzz/uapi.c tests/kselftest/stream.c,userspace/libsono/libsono.a fpga-sim/libsim.a -luring -lz))

FUZZ_SECONDS ?= 60
$(foreach f,$(FUZZERS),$(eval $(call check,fuzz-$(f),fuzzers $(O)/tests/presets/record,tests/fuzz/run $(f) $(FUZZ_SECONDS),$(shell expr $(FUZZ_SECONDS) + 120))))
$(foreach f,$(FUZZERS),$(eval $(call soak,fuzz-$(f),fuzzers $(O)/tests/presets/record,tests/fuzz/run $(f) 600,900)))
endif
