# SPDX-License-Identifier: GPL-2.0-only OR MIT
# Tests of the driver and of what behaves as it does, in and out of the VM.

KSELFTEST_LIBS := userspace/libsono/libsono.a fpga-sim/libsim.a -luring -lz

# The harness is the kernel's; tests/env takes it from linux-source.
$(O)/tests/kselftest/%.o: CPPFLAGS += \
	-isystem /usr/src/linux-tools/tools/testing/selftests
# Its macros define functions that nothing declares.
$(O)/tests/kselftest/%.o: CFLAGS += -Wno-missing-prototypes

define kselftest-program
$(call test-program,tests/kselftest/$(1),tests/kselftest/$(1).c tests/kselftest/stream.c tests/kselftest/sysfs.c,$(KSELFTEST_LIBS))
endef
$(foreach t,uapi watch observe truth kill fault recover stress safety,$(eval $(call kselftest-program,sono_$(t))))

# Past the library, by the node itself.
define kselftest-node-program
$(call test-program,tests/kselftest/$(1),tests/kselftest/$(1).c tests/kselftest/node.c tests/kselftest/stream.c tests/kselftest/sysfs.c,$(KSELFTEST_LIBS))
endef
$(foreach t,drv onward firmware,$(eval $(call kselftest-node-program,sono_$(t))))

# A module of the tests' own.
IMPORTER := tests/kselftest/sono_importer
build/%/sono_importer/sono_importer.ko: $(wildcard $(IMPORTER)/*) tests/vm/module
	$(call say,MODULE,$@)
	+$(Q)tests/vm/module -s $(IMPORTER) $* build/$*/sono_importer

UAPI := $(O)/tests/kselftest/sono_uapi
# A store to the read-only ring must end in the signal, not in a sanitizer.
IN_PROCESS := env ASAN_OPTIONS=handle_segv=0 SONO_SOURCE=sim:pattern

$(eval $(call check,uapi-virtual,$(UAPI),$(IN_PROCESS) $(UAPI),60))
$(eval $(call check,uapi-real,$(UAPI),$(IN_PROCESS)$(comma)pace=real $(UAPI),120))

FAULT := $(O)/tests/kselftest/sono_fault

$(eval $(call check,fault-virtual,$(FAULT),$(IN_PROCESS) $(FAULT) sim,60))
$(eval $(call check,fault-real,$(FAULT),$(IN_PROCESS)$(comma)pace=real $(FAULT) sim,60))

$(eval $(call check,layout,$(foreach k,$(KERNELS),build/$(k)/kernel/sono.ko),tests/kselftest/layout,60))

$(eval $(call check,intree,,tests/kselftest/intree,300))

# In the VM: $(call vm-part,NAME,PROGRAMS,SECONDS,KERNELS), on both kernels if
# none is said. Not with sanitizers: it is the driver that is tested.
ifeq ($(O),build)
KSELFTEST_VM := $(O)/fpga-sim/sono-sim $(O)/fpga-sim/sono-image build/tests/vm/init
define vm-part
$(foreach k,$(or $(4),$(KERNELS)),$(eval $(call check,vm-$(1)-$(k),$(KSELFTEST_VM) build/$(k)/kernel/sono.ko build/$(k)/sono_importer/sono_importer.ko $(addprefix $(O)/tests/kselftest/,$(2)),tests/kselftest/vm $(1) $(k),$(3))))
endef

$(call vm-part,driver,sono_uapi sono_drv sono_watch sono_onward,200)
$(call vm-part,truth,sono_truth,200)
$(call vm-part,kill,sono_kill,300)
$(call vm-part,fault,sono_fault,120)
$(call vm-part,recover,sono_recover,240)
$(call vm-part,safety,sono_safety,120)
$(call vm-part,stress,sono_stress,300)
$(call vm-part,wild,sono_stress,300,7.3)
$(call vm-part,observe,sono_observe sono_uapi sono_firmware sono_recover,120)
$(call vm-part,swiotlb,sono_uapi sono_truth sono_drv sono_onward,120,6.12)
$(call vm-part,iommu,sono_uapi sono_truth sono_drv sono_onward sono_fault,180,7.3)
$(call vm-part,viommu,sono_uapi sono_truth sono_drv sono_onward sono_fault,180,6.12)
endif
