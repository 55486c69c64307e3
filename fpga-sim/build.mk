# SPDX-License-Identifier: GPL-2.0-only OR MIT

# The board itself, in reading order; also libsono's board in process.
$(eval $(call static-library,fpga-sim/libsim.a,$(addprefix fpga-sim/, \
	board.c regs.c load.c seq.c run.c queue.c payload.c sensor.c flash.c irq.c \
	fault.c replay.c phantom.c cycle.c scene.c flow.c heart.c abdomen.c qa.c \
	probe.c echo.c)))

# A scene has a million echoes to add up before its first frame.
$(O)/fpga-sim/echo.o $(O)/fpga-sim/phantom.o: CFLAGS += -O3 -ffp-contract=off

# The board as a PCIe function for a vfio-user client.
$(eval $(call static-library,fpga-sim/libserver.a,$(addprefix fpga-sim/, \
	server.c vfio.c wire.c pci.c dma.c log.c)))

$(eval $(call program,fpga-sim/sono-sim,$(addprefix fpga-sim/, \
	main.c options.c recorded.c recorded_ecg.c signature.c), \
	fpga-sim/libserver.a userspace/libsono/libsono.a fpga-sim/libsim.a \
	-lz -lcrypto))

# Firmware for it, signed with a test key.
$(eval $(call program,fpga-sim/sono-image,$(addprefix fpga-sim/, \
	image_main.c image.c signature.c), fpga-sim/libsim.a -lcrypto))

# Its tests; they share a host that lives in virtual time.
$(foreach t,random seq queue run phantom scene,$(eval $(call unit-test,tests/unit/fpga-sim/test_$(t), \
	tests/unit/fpga-sim/test_$(t).c tests/unit/fpga-sim/host.c, \
	fpga-sim/libsim.a)))

$(eval $(call unit-test,tests/unit/fpga-sim/test_flash, \
	tests/unit/fpga-sim/test_flash.c tests/unit/fpga-sim/host.c \
	fpga-sim/image.c fpga-sim/signature.c, fpga-sim/libsim.a -lcrypto))

$(eval $(call unit-test,tests/unit/fpga-sim/test_vfio, \
	tests/unit/fpga-sim/test_vfio.c, \
	fpga-sim/libserver.a fpga-sim/libsim.a))
