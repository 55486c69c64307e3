# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Sonoring builds from this one Makefile. "make help" lists the targets.
#
# Outside the reference root (tests/env, Documentation/testing.rst) a target is
# handed to a make inside it; the root is created when missing. The second half
# of this file is what runs inside.
#
# Each part of the tree says what it builds in a fragment, build.mk, included
# in data-flow order (FRAGMENTS below). All paths in a fragment are written
# from the top of the tree; outputs live under $(O) (build/) at the same path
# as their sources. A fragment calls these, always through $(eval $(call ...)):
#
#   $(eval $(call static-library,userspace/dsp/libdsp.a,SOURCES,LIBS))
#       builds $(O)/userspace/dsp/libdsp.a. LIBS are the -lX flags that whoever
#       links it needs; they need not be named there.
#
#   $(eval $(call program,fpga-sim/sono-sim,SOURCES,LIBS))
#       builds $(O)/fpga-sim/sono-sim as part of "make all". LIBS are static
#       libraries by the name above (users before providers) and -lX flags.
#
#   $(eval $(call test-program,tests/truth/truth,SOURCES,LIBS))
#       the same, but built only for "make check" ("make tests").
#
#   $(eval $(call unit-test,tests/unit/dsp/test_detect,SOURCES,LIBS))
#       a Criterion program, run by "make check" as the part "unit-dsp-detect".
#
#   $(eval $(call check,NAME,PREREQUISITES,COMMAND,SECONDS))
#       registers the part check-NAME. COMMAND prints TAP or KTAP; it fails on
#       a "not ok", a plan not fulfilled, a non-zero exit or the time limit.
#       No commas in COMMAND: put such a command into a script.
#
#   $(eval $(call check-exit,NAME,PREREQUISITES,COMMAND,SECONDS))
#       the same for a command whose exit status is its one verdict.
#
#   $(eval $(call soak,NAME,PREREQUISITES,COMMAND,SECONDS))
#       registers soak-NAME, a part of "make soak", in the same way.
#
# A source's flags follow from its name: X-c.c is a scalar specification
# (-ffp-contract=off), X-avx2.c and X-avx512.c may use those instructions.
# A fragment may add flags for one object: $(O)/a/b.o: CFLAGS += -Ix

FRAGMENTS := kernel/build.mk fpga-sim/build.mk userspace/libsono/build.mk \
	userspace/dsp/build.mk userspace/present/build.mk \
	userspace/diag/build.mk userspace/tools/build.mk userspace/sonod/build.mk userspace/build.mk \
	$(sort $(wildcard tests/*/build.mk))

.DEFAULT_GOAL := all

help:
	@echo 'Sonoring: every target creates the reference root when it is missing.'
	@echo '  all            library, tools, emulated board, modules'
	@echo '  demo           frames through the VM and the driver to build/demo/index.html'
	@echo '  check          all tests; ends with "N passed, N failed, N skipped"'
	@echo '  check-NAME     one part of check; check-list names them'
	@echo '  vm-check       the parts that run in the VM'
	@echo '  coverage       lines of kernel/ run by the guests of the debug kernel'
	@echo '  soak           the long form of the hostile tests; soak-list names its parts'
	@echo '  bench          how fast: a table, and build/bench.json'
	@echo '                 REF=revision compares with another; CASES=names runs some'
	@echo '  modules        sono.ko for both kernels, under build/KERNEL/kernel/'
	@echo '  tests          build every test program, run none'
	@echo '  style          checkpatch, shellcheck; format applies clang-format'
	@echo '  static         sparse on the driver'
	@echo '  headers-check  every header compiles alone'
	@echo '  install        programs, library and headers, DESTDIR= and prefix='
	@echo '  root           create the reference root only'
	@echo '  clean          remove build/'
	@echo 'V=1 shows commands; SAN=address,undefined builds into build/san-...;'
	@echo 'SONO_CPU=c|avx2|avx512 forces a level of the signal processing.'

clean:
	rm -rf build

root:
	@tests/env/root ensure

.PHONY: all bench check check-list clean coverage demo format headers-check help install modules root \
	soak soak-list static style tests vm-check

# --- outside the root --------------------------------------------------------

ifneq ($(SONO_ROOT),/)
ifeq ($(wildcard /etc/sonoring-root),)

OUTSIDE := help clean root $(if $(REF),bench)
INSIDE := $(filter-out $(OUTSIDE),$(or $(MAKECMDGOALS),all))
# Two more than processors: a guest waits for two thirds of its time.
JOBS = $(or $(patsubst -j%,%,$(filter -j%,$(MAKEFLAGS))),$(shell expr $$(nproc) + 2))
SHORT_FLAGS = $(foreach f,k B,$(if $(findstring $f,$(firstword -$(MAKEFLAGS))),-$f))

ifneq ($(REF),)
bench:
	@tests/bench/versus $(REF) $(CASES)
endif

ifneq ($(INSIDE),)
.PHONY: $(INSIDE) enter
$(INSIDE): enter ;@:
enter:
	@tests/env/enter make --no-print-directory -j$(JOBS) $(SHORT_FLAGS) \
		$(MAKEOVERRIDES) $(INSIDE)
endif

else
IN_ROOT := 1
endif
else
IN_ROOT := 1
endif

# --- inside the root ---------------------------------------------------------

ifdef IN_ROOT

comma := ,
empty :=
space := $(empty) $(empty)

O := build$(if $(SAN),/san-$(subst $(comma),-,$(SAN)))$(if $(PIC),/pic)
KERNELS := 6.12 7.3

CC := gcc
AR := ar
CFLAGS := -std=gnu11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Wshadow \
	-Wstrict-prototypes -Wmissing-prototypes -Werror \
	$(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer) \
	$(if $(PIC),-fPIC) $(EXTRA_CFLAGS)
CPPFLAGS := -Iinclude/uapi -Ikernel -Iuserspace/libsono -Iuserspace -Ifpga-sim \
	-isystem /usr/include/hdf5/serial
LDFLAGS := $(if $(SAN),-fsanitize=$(SAN)) $(EXTRA_LDFLAGS)
LDLIBS := -lm -lpthread
HDF5_LIBS := -L/usr/lib/x86_64-linux-gnu/hdf5/serial -lhdf5

Q := $(if $(filter 1,$(V)),,@)
say = $(if $(Q),@printf '  %-8s%s\n' $(1) $(2))

PROGRAMS :=
TESTS :=
CHECKS :=
SOAKS :=
objects = $(patsubst %.c,$(O)/%.o,$(1))

$(O)/%-c.o:      override CFLAGS += -ffp-contract=off
$(O)/%-avx2.o:   override CFLAGS += -mavx2 -mfma -ffp-contract=off
$(O)/%-avx512.o: override CFLAGS += -mavx512f -mavx512bw -mavx512vl \
	-mavx512dq -mavx512vbmi -mavx512vnni -ffp-contract=off

$(O)/%.o: %.c Makefile
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

define static-library
needs-$(1) := $(3)
$(O)/$(1): $(call objects,$(2))
	$$(call say,AR,$$@)
	$(Q)rm -f $$@ && $(AR) rcsD $$@ $$^
-include $(patsubst %.c,$(O)/%.d,$(2))
endef

# $(call link,NAME,SOURCES,LIBS): the rule that program and tests share.
define link
$(O)/$(1): $(call objects,$(2)) $(addprefix $(O)/,$(filter-out -%,$(3)))
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$(Q)$(CC) $$(LDFLAGS) -o $$@ $$^ $(filter -%,$(3)) \
		$$(foreach l,$(3),$$(needs-$$(l))) $$(LDLIBS)
-include $(patsubst %.c,$(O)/%.d,$(2))
endef

define program
PROGRAMS += $(O)/$(1)
$(call link,$(1),$(2),$(3))
endef

define test-program
TESTS += $(O)/$(1)
$(call link,$(1),$(2),$(3))
endef

define unit-test
$(call test-program,$(1),$(2),$(3) -lcriterion)
$(call check,$(subst /,-,$(patsubst tests/%,%,$(subst test_,,$(1)))),$(O)/$(1),$(O)/$(1) --tap --jobs 2,120)
endef

# check-NAME builds what it needs and runs. "make check" builds everything first
# and then runs each command, so that a part with a broken build fails alone.
# $(call part-rule,check,CHECKS,NAME,PREREQUISITES,COMMAND,SECONDS,FLAG)
define part-rule
$(2) += $(3)
$(2)_DEPS += $(4)
deps-$(1)-$(3) := $(4)
run-$(1)-$(3) := tests/run $(7) $(3) $(or $(6),300) $(5)
.PHONY: $(1)-$(3)
$(1)-$(3): $(4)
	@$$(run-$(1)-$(3))
endef
check = $(call part-rule,check,CHECKS,$(1),$(2),$(3),$(4),)
check-exit = $(call part-rule,check,CHECKS,$(1),$(2),$(3),$(4),-e)
soak = $(call part-rule,soak,SOAKS,$(1),$(2),$(3),$(4),)

-include $(FRAGMENTS)

$(eval $(call check-exit,headers,,$(MAKE) headers-check,300))
$(eval $(call check-exit,style,,tests/lint/style,300))
$(eval $(call check-exit,static,,tests/lint/static,600))
$(eval $(call check,kernels,,tests/lint/kernels,60))
# The last: it is given the names of all others.
$(eval $(call check,complaints,,tests/lint/shown $$(CHECKS),60))

all: $(PROGRAMS) modules

tests: $(TESTS)

check-build: all tests $(CHECKS_DEPS)

soak-build: all tests $(SOAKS_DEPS)

check-list:
	@printf '%s\n' $(CHECKS)

soak-list:
	@printf '%s\n' $(SOAKS)

# As many parts at a time as make may run jobs. The longest begin, so that none of
# them is left at the end. What measures speed comes last and by itself; so do, of the
# soak, the kernels that look at every access: there those parts are long that watch
# the clock. What computes and does not look at it gives way to what does.
# $(call run-parts,check,NAMES)
ALONE-check := bench checkdsp record-fast prof-overhead
ALONE-soak := vm-%-debug vm-%-kcsan
LONG := vm-driver-debug vm-faults-debug presets colour motion presets-% spectrum \
	vm-mistakes-debug vm-recover-% vm-diag-% vm-prof-% vm-fault-% vm-kill-% \
	vm-observe-% vm-kms-% vm-stress-% vm-wild-% fuzz-% sonod-endure package \
	diag-commands diag-keeps truth-c vm-boot
PATIENT := presets colour motion spectrum truth truth-c truth-avx2 package style static
lanes = $(foreach l,$(LONG),$(filter $(l),$(1))) $(filter-out $(LONG),$(1))

define newline


endef
define run-parts
@rm -rf build/check
@tests/run -e build 3000 $(MAKE) -k $(1)-build || :
@$(MAKE) --no-print-directory -k --output-sync=target \
	$(or $(addprefix lane-$(1)-,$(call lanes,$(filter-out $(ALONE-$(1)),$(2)))),$(1)-list) || :
$(foreach part,$(filter $(ALONE-$(1)),$(2)),@$(run-$(1)-$(part)) || :$(newline))
@tests/run -t
endef

LANES = $(addprefix lane-check-,$(CHECKS)) $(addprefix lane-soak-,$(SOAKS))
$(LANES): lane-%:
	@$(if $(filter $(PATIENT),$(lastword $(subst lane-check-, ,$@))),nice) $(run-$*) || :

check:
	$(call run-parts,check,$(CHECKS))

vm-check:
	$(call run-parts,check,$(filter vm-%,$(CHECKS)))

soak:
	$(call run-parts,soak,$(SOAKS))

# Of the driver, by every guest of the kernel that counts them.
COVERAGE := driver faults uapi recover fault observe

coverage: $(foreach part,$(COVERAGE),$(or $(deps-check-vm-$(part)-debug),$(deps-soak-vm-$(part)-debug)))
	$(foreach part,$(COVERAGE),@$(or $(run-check-vm-$(part)-debug),$(run-soak-vm-$(part)-debug)) || :$(newline))
	@tests/vm/coverage $(addsuffix -debug,$(COVERAGE))

.PHONY: check-build soak-build $(LANES)

# --- the module ---------------------------------------------------------------
# Kbuild writes beside its sources, so each kernel gets a copy of them.

MODULE_SOURCES = $(wildcard Kbuild kernel/Kbuild kernel/*/Kbuild kernel/*.[ch] kernel/*/*.[ch] \
	include/uapi/linux/*.h)
MODULES = $(if $(wildcard kernel/Kbuild),$(foreach k,$(KERNELS),build/$(k)/kernel/sono.ko))

modules: $(MODULES)

# Of a kernel of our own, which is built first where it is missing.
build/debug/kernel/sono.ko build/kcsan/kernel/sono.ko: \
	$(wildcard tests/vm/*.config) tests/vm/debug-kernel

build/%/kernel/sono.ko: $(MODULE_SOURCES) tests/vm/module
	$(call say,MODULE,$@)
	+$(Q)tests/vm/module $* build/$* $(if $(Q),,V=1)

# --- what a reviewer would run --------------------------------------------------

# Headers that userspace code includes; the rest of kernel/ needs the kernel.
HEADERS = $(wildcard include/uapi/linux/*.h kernel/sono_regs.h kernel/sono_ring.h \
	fpga-sim/*.h userspace/*/*.h)

headers-check: $(patsubst %,$(O)/%.alone,$(HEADERS))

$(O)/%.h.alone: %.h
	$(call say,HEADER,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -Wno-unused -x c -fsyntax-only -include $< /dev/null
	@touch $@

style:
	@tests/lint/style

format:
	@tests/lint/format

static:
	@tests/lint/static

endif
