# SPDX-License-Identifier: MIT
# "make install": what a system needs of this tree but its module. DESTDIR is
# put before every path, as packages want it. All of it is built as a shared
# library has to be, apart from what tests run.

VERSION := 0.1.0
DESTDIR :=
prefix := /usr
libdir := lib
systemd := $(prefix)/lib/systemd/system

# In namespaces of their own names: a program says -I/usr/include/sono once.
PUBLIC := $(addprefix userspace/libsono/,sono.h client.h stream_wire.h \
	recording.h scan.h sequence.h spool.h import.h take.h) \
	kernel/sono_regs.h

to = @mkdir -p $(DESTDIR)$(2) && install -m $(1) -t $(DESTDIR)$(2) $(3)

.PHONY: install
ifndef PIC
install:
	+$(Q)$(MAKE) PIC=1 $@
else
install: $(O)/userspace/tools/sono $(O)/userspace/sonod/sonod $(O)/$(LIBSONO_SO)
	$(call to,755,$(prefix)/bin,$(O)/userspace/tools/sono $(O)/userspace/sonod/sonod)
	$(call to,644,$(prefix)/$(libdir),$(O)/$(LIBSONO_SO))
	@ln -sf $(notdir $(LIBSONO_SO)) $(DESTDIR)$(prefix)/$(libdir)/libsono.so
	$(call to,644,$(prefix)/include/sono,$(PUBLIC))
	$(call to,644,$(prefix)/include/sono/linux,include/uapi/linux/sono.h)
	$(call to,644,$(prefix)/include/sono/dsp,userspace/dsp/dsp.h)
	$(call to,644,$(prefix)/include/sono/present,userspace/present/present.h)
	@mkdir -p $(DESTDIR)$(prefix)/$(libdir)/pkgconfig
	@sed 's,@prefix@,$(prefix),; s,@libdir@,$(libdir),; s,@version@,$(VERSION),' \
		userspace/libsono/sono.pc.in \
		>$(DESTDIR)$(prefix)/$(libdir)/pkgconfig/sono.pc
	$(foreach n,1 3 8,$(call to,644,$(prefix)/share/man/man$(n),Documentation/man/*.$(n))$(newline))
	$(call to,644,$(prefix)/share/sonoring/presets,userspace/presets/*.plan)
	$(call to,644,$(prefix)/share/bash-completion/completions,userspace/completion/sono)
	$(call to,644,$(systemd),userspace/sonod/sonod.service userspace/sonod/sonod.socket)
	$(call to,644,$(prefix)/lib/udev/rules.d,userspace/udev/60-sono.rules)
	@mkdir -p $(DESTDIR)$(prefix)/lib/sysusers.d
	@install -m 644 userspace/udev/sono.sysusers $(DESTDIR)$(prefix)/lib/sysusers.d/sono.conf
endif
