# SPDX-License-Identifier: MIT
# libdsp: from frames to pictures.

DSP_SOURCES := $(addprefix userspace/dsp/,dsp.c cpu.c workers.c palette.c \
	pipeline.c pipeline_focus.c pipeline_section.c \
	pipeline_strips.c pipeline_spectrum.c pipeline_compose.c \
	demod.c demod_places.c demod-c.c demod-avx2.c demod-avx512.c \
	transmit.c direction.c aperture.c aperture-c.c aperture-avx2.c \
	aperture-avx512.c taps.c \
	beamform.c beamform_services.c beamform_waves.c beamform_laws.c \
	beamform_runs.c beamform_kept.c beamform_frame.c beamform_coherence.c \
	beamform-c.c beamform-avx2.c beamform-avx512.c \
	detect.c detect-c.c detect-avx2.c detect-avx512.c \
	doppler.c doppler-c.c doppler-avx2.c doppler-avx512.c wall.c \
	tissue.c tissue-c.c tissue-avx2.c tissue-avx512.c scanconvert.c scanconvert-c.c \
	scanconvert-avx2.c scanconvert-avx512.c \
	sweep.c mmode.c mcolour.c volume.c spectrum.c traces.c sharpen.c sharpen-c.c \
	sharpen-avx2.c sharpen-avx512.c ecg.c)

$(eval $(call static-library,userspace/dsp/libdsp.a,$(DSP_SOURCES),-lkissfft-float))

# Products of complex numbers that are numbers, without a call for each.
$(O)/userspace/dsp/wall.o $(O)/userspace/dsp/spectrum.o \
	$(O)/userspace/dsp/volume.o: CFLAGS += -fcx-limited-range

# Edges of a boxcar, in vectors that every processor has.
$(O)/userspace/dsp/aperture.o: CFLAGS += -O3 -fno-trapping-math
