# SPDX-License-Identifier: MIT
# The pipeline against known answers.

$(eval $(call test-program,tests/truth/truth,$(addprefix tests/truth/,truth.c \
	dataset.c points.c cysts.c cardiac.c disk.c vessel.c convex.c \
	carotid.c fieldii.c focused.c scene.c spread.c)\
	userspace/libsono/import.c,\
	userspace/diag/libdiag.a userspace/dsp/libdsp.a userspace/libsono/libsono.a fpga-sim/libsim.a \
	-ljansson -lz \
	$(HDF5_LIBS)))

$(eval $(call check,truth,$(O)/tests/truth/truth,$(O)/tests/truth/truth,300))

# The best level of instructions is "truth"; the others once more.
$(foreach l,c avx2,$(eval $(call check,truth-$(l),\
	$(O)/tests/truth/truth,env SONO_CPU=$(l) $(O)/tests/truth/truth,300)))
