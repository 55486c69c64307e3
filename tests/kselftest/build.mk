# SPDX-License-Identifier: GPL-2.0-only OR MIT
# Tests of the driver and of what behaves as it does, in and out of the VM.

KSELFTEST_LIBS := userspace/libsono/libsono.a fpga-sim/libsim.a -luring -lz

# The harness is the kernel's; tests/env takes it from linux-source.
$(O)/tests/kselftest/%.o: CPPFLAGS += \
	-isystem /usr/src/linux-tools/tools/testing/selftests
# Its macros define functions that nothing declares.
$(O)/tests/kselftest/%.o: CFLAGS += -Wno-missing-prototypes

define kselftest-program
$(call test-program,tests/kselftest/$(1),tests/kselftest/$(1).c tests/kselftest/stream.c tests/kselftest/sysfs.c tests/kselftest/told.c,$(KSELFTEST_LIBS))
endef
$(foreach t,uapi watch observe truth kill fault recover stress safety,$(eval $(call kselftest-program,sono_$(t))))

# Past the library, by the node itself.
define kselftest-node-program
$(call test-program,tests/kselftest/$(1),tests/kselftest/$(1).c tests/kselftest/node.c tests/kselftest/inject.c tests/kselftest/stream.c tests/kselftest/sysfs.c,$(KSELFTEST_LIBS))
endef
$(foreach t,drv onward firmware failnth,$(eval $(call kselftest-node-program,sono_$(t))))

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
# none is said; vm-soak likewise, as a part of "make soak". Not with sanitizers:
# it is the driver that is tested.
ifeq ($(O),build)
KSELFTEST_VM := $(O)/fpga-sim/sono-sim $(O)/userspace/sonod/sonod $(O)/fpga-sim/sono-image build/tests/vm/init
define vm-part-of
$(foreach k,$(or $(5),$(KERNELS)),$(eval $(call $(1),vm-$(2)-$(k),$(KSELFTEST_VM) build/$(k)/kernel/sono.ko build/$(k)/sono_importer/sono_importer.ko $(addprefix $(O)/tests/,$(if $(findstring /,$(3)),$(3),$(addprefix kselftest/,$(3)))),tests/kselftest/vm $(2) $(k),$(4))))
endef
vm-part = $(call vm-part-of,check,$(1),$(2),$(3),$(4))
vm-soak = $(call vm-part-of,soak,$(1),$(2),$(3),$(4))
# What does not lean on what differs between the kernels: on one of them in the check,
# on the other in the soak.
define vm-turn
$(call vm-part,$(1),$(2),$(3),$(4))
$(call vm-soak,$(1),$(2),$(3),$(filter-out $(4),$(KERNELS)))
endef

$(call vm-part,driver,sono_uapi sono_drv sono_watch sono_onward,200)
$(call vm-part,recover,sono_recover,300)
$(eval $(call vm-turn,truth,sono_truth,200,7.3))
$(eval $(call vm-turn,kill,sono_kill sono_safety,300,6.12))
$(eval $(call vm-turn,fault,sono_fault,120,7.3))
$(eval $(call vm-turn,safety,sono_safety,120,6.12))
$(eval $(call vm-turn,stress,sono_stress,300,6.12))
$(call vm-part,wild,sono_stress,300,7.3)
$(eval $(call vm-turn,observe,sono_observe sono_uapi sono_firmware sono_recover,120,7.3))
$(call vm-part,swiotlb,sono_uapi sono_truth sono_drv sono_onward,120,6.12)
$(call vm-part,iommu,sono_uapi sono_truth sono_drv sono_onward sono_fault,180,7.3)
$(call vm-part,viommu,sono_uapi sono_truth sono_drv sono_onward sono_fault,180,6.12)

$(call vm-part,sonod,sonod/board,200)
$(call vm-part,prof,prof/traced,450,6.12)
$(foreach k,$(KERNELS),$(eval $(call soak,vm-prof-$(k),$(KSELFTEST_VM) build/$(k)/kernel/sono.ko $(O)/tests/prof/traced $(O)/userspace/tools/sono,env SONO_ALL=1 tests/kselftest/vm prof $(k),450)))
check-vm-prof-6.12: $(O)/userspace/tools/sono

# Under the kernels that see more, and are slower.
$(call vm-part,driver,$(addprefix kselftest/,sono_uapi sono_drv sono_watch sono_onward) fuzz/uapi,600,debug)
$(call vm-part,faults,sono_failnth,1200,debug)
$(eval $(call soak,vm-faults-debug,$(KSELFTEST_VM) build/debug/kernel/sono.ko build/debug/sono_importer/sono_importer.ko $(O)/tests/kselftest/sono_failnth,env SONO_STRIDE=1 SONO_SECONDS=2000 tests/kselftest/vm faults debug,9000))
$(foreach k,debug kcsan,$(eval $(call soak,vm-uapi-$(k),$(KSELFTEST_VM) build/$(k)/kernel/sono.ko $(O)/tests/fuzz/uapi $(O)/tests/kselftest/sono_uapi,env SONO_FUZZ=600 tests/kselftest/vm uapi $(k),3600)))
$(call vm-soak,safety,sono_safety,1200,debug kcsan)
$(call vm-soak,recover,sono_recover,1200,debug kcsan)
$(call vm-soak,stress,sono_stress,1200,kcsan)
# vm-long-stress,NAME,SETTINGS,KERNEL: the stress test, for so many operations, frames
# and seconds; a slow kernel has four times that.
define vm-long-stress
$(eval $(call soak,vm-$(1)-$(3),$(KSELFTEST_VM) build/$(3)/kernel/sono.ko $(O)/tests/kselftest/sono_stress,env $(2) tests/kselftest/vm stress $(3),10000))
endef
$(call vm-long-stress,stress,SONO_STRESS=10000 SONO_FRAMES=100000 SONO_SECONDS=2400,debug)
$(foreach k,$(KERNELS),$(call vm-long-stress,frames,SONO_FRAMES=1000000 SONO_SECONDS=7200,$(k)))
# A board whose registers, completions and flash hold anything, for ten minutes.
$(foreach k,$(KERNELS),$(eval $(call soak,vm-wild-$(k),$(KSELFTEST_VM) build/$(k)/kernel/sono.ko $(O)/tests/kselftest/sono_stress,env SONO_STRESS=18000 SONO_SECONDS=2400 tests/kselftest/vm wild $(k),2700)))
$(eval $(call soak,vm-wild-debug,$(KSELFTEST_VM) build/debug/kernel/sono.ko $(O)/tests/kselftest/sono_stress,env SONO_STRESS=6000 SONO_SECONDS=4000 tests/kselftest/vm wild debug,9000))
$(call vm-soak,truth,sono_truth,1200,debug kcsan)
$(call vm-soak,kill,sono_kill sono_safety,1200,debug kcsan)
$(call vm-soak,fault,sono_fault,1200,debug kcsan)
$(call vm-soak,observe,sono_observe sono_uapi sono_firmware,1200,debug kcsan)
# Each IOMMU, and bounce buffers, on the kernel that make check has not.
$(call vm-soak,swiotlb,sono_uapi sono_truth sono_drv sono_onward,600,7.3)
$(call vm-soak,iommu,sono_uapi sono_truth sono_drv sono_onward sono_fault,600,6.12)
$(call vm-soak,viommu,sono_uapi sono_truth sono_drv sono_onward sono_fault,600,7.3)
$(call vm-soak,iommu,sono_uapi sono_truth sono_drv sono_onward sono_fault,1200,debug)
$(call vm-soak,swiotlb,sono_uapi sono_truth sono_drv sono_onward,1200,debug)
$(call vm-soak,driver,sono_uapi sono_drv sono_watch sono_onward,1200,kcsan)
endif
