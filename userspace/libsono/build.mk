# SPDX-License-Identifier: MIT
# libsono: sources of frames, and what their frames mean.

LIBSONO_SOURCES := $(addprefix userspace/libsono/,scan.c why.c take.c sequence.c \
	recorder.c recording.c spool.c plan_text.c plan_controls.c plan_waves.c plan_time.c \
	plan_picture.c plan.c compound.c indices.c)

LIBSONO_SOURCES += $(addprefix userspace/libsono/,import.c wave.c hdf.c export_tracks.c \
	export_zea.c export_uff.c sono.c drv.c sim.c \
	sim_host.c file.c realtime.c client.c client_control.c) fpga-sim/recorded.c fpga-sim/recorded_ecg.c
# The ring core that the module is built from, for the board in process.
LIBSONO_SOURCES += $(addprefix kernel/,sono_ring.c sono_queue.c sono_limits.c)


$(eval $(call static-library,userspace/libsono/libsono.a,$(LIBSONO_SOURCES)))

# The library for others, of "make install": what its map names, and all that
# this needs inside. Built apart (PIC=1), as its code has to be. Exports are the
# command's: a client has no need of HDF5, and of all that this needs.
LIBSONO_SO := userspace/libsono/libsono.so.1
LIBSONO_SO_PARTS := $(call objects,$(filter-out %/hdf.c \
	%/export_zea.c %/export_uff.c %/export_tracks.c,$(LIBSONO_SOURCES)) \
	userspace/present/png.c) \
	$(O)/userspace/dsp/libdsp.a $(O)/fpga-sim/libsim.a

$(O)/$(LIBSONO_SO): $(LIBSONO_SO_PARTS) userspace/libsono/libsono.map
	$(call say,LINK,$@)
	$(Q)$(CC) -shared -Wl,-soname,$(notdir $@) -Wl,--no-undefined \
		-Wl,--version-script,userspace/libsono/libsono.map $(LDFLAGS) \
		-o $@ $(LIBSONO_SO_PARTS) -lkissfft-float -lpng \
		-lconfig -ljansson -luring -lz $(LDLIBS)

# Its tests; tables are judged by the emulated board's own check.
LIBSONO_TEST_LIBS := userspace/libsono/libsono.a userspace/dsp/libdsp.a \
	fpga-sim/libsim.a -lconfig -ljansson -luring -lz -pthread

$(foreach t,sequence recording plan plan_controls presets sim realtime,$(eval $(call unit-test,tests/unit/libsono/test_$(t), \
	tests/unit/libsono/test_$(t).c tests/unit/libsono/board.c, \
	$(LIBSONO_TEST_LIBS))))

$(eval $(call unit-test,tests/unit/libsono/test_export, \
	tests/unit/libsono/test_export.c,$(LIBSONO_TEST_LIBS) $(HDF5_LIBS)))

$(eval $(call unit-test,tests/unit/tools/test_import, \
	tests/unit/tools/test_import.c tests/unit/libsono/board.c \
	userspace/tools/import.c userspace/tools/output.c,$(LIBSONO_TEST_LIBS)))
