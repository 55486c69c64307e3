// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"

/* clang-format off */
#define FIELD(name) NAMED(#name, name)
#define NAMED(text, name) { text, offsetof(struct sim_faults, name), false }
#define SET(text, name) { text, offsetof(struct sim_faults, name), true }

static const struct field {
	const char *name;
	size_t offset;
	bool set;
} fields[] = {
	FIELD(lost), FIELD(duplicate), FIELD(slot), FIELD(gen), FIELD(len),
	FIELD(backward), FIELD(torn), NAMED("torn-end", torn_end), FIELD(late), FIELD(swapped),
	FIELD(stray), NAMED("stray-page", stray_page),
	NAMED("irq-lost", irq_lost), NAMED("irq-double", irq_double),
	NAMED("irq-late", irq_late), FIELD(flip), NAMED("reg-flip", reg_flip),
	NAMED("reg-wild", reg_wild), FIELD(stuck), FIELD(hang), FIELD(crc),
	FIELD(flash), FIELD(forget), FIELD(dead), FIELD(overtemp),
	FIELD(overvolt), FIELD(reboot), FIELD(stall), FIELD(seed),
	SET("dead-channel", dead_channel), SET("noisy-channel", noisy_channel),
	SET("weak-element", weak_element), SET("dead-element", dead_element),
	FIELD(corrupt), FIELD(scratch), FIELD(rot), FIELD(hot), FIELD(leak), FIELD(deaf),
	FIELD(ringing), NAMED("hv-low", hv_low), NAMED("hv-slow", hv_slow),
	NAMED("hv-stays", hv_stays), NAMED("gain-stuck", gain_stuck),
	FIELD(heedless), FIELD(lanes), FIELD(speed), FIELD(blind), FIELD(numb),
	FIELD(glitch), FIELD(linger), FIELD(blank),
};

/* clang-format on */

static int set_value(struct sim_faults *faults, const struct field *field,
		     uint32_t value)
{
	char *at = (char *)faults + field->offset;

	if (!field->set) {
		memcpy(at, &value, sizeof(value));
		return 0;
	}
	if (value >= SIM_CHANNELS_MAX)
		return -EINVAL;
	((uint64_t *)(void *)at)[value / 64] |= (uint64_t)1 << value % 64;
	return 0;
}

static int set_field(struct sim_faults *faults, const char *name, size_t n,
		     uint32_t value)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (strlen(fields[i].name) == n &&
		    !memcmp(fields[i].name, name, n))
			return set_value(faults, &fields[i], value);
	return -EINVAL;
}

int sim_faults_parse(struct sim_faults *faults, const char *text)
{
	for (;;) {
		size_t n = strcspn(text, "=,");
		unsigned long value;
		char *end;

		if (text[n] != '=' || text[n + 1] < '0' || text[n + 1] > '9')
			return -EINVAL;
		value = strtoul(text + n + 1, &end, 10);
		if (value > UINT32_MAX || (*end && *end != ','))
			return -EINVAL;
		if (set_field(faults, text, n, (uint32_t)value))
			return -EINVAL;
		if (!*end)
			return 0;
		text = end + 1;
	}
}
