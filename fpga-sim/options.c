// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "options.h"

enum {
	SOCKET = 256,
	LOG,
	SCENE,
	REPLAY,
	PROBE,
	SEED,
	HEART_RATE,
	CACHE,
	AHEAD,
	NONLINEARITY,
	FAULT,
	CHANNELS,
	ELEMENTS,
	ADC_CLOCK,
	ADC_BITS,
	HEARTBEAT_MAX,
	TABLE_MAX,
	FLASH,
	SERIAL,
	LOG_TX,
	HELP
};

static const struct option long_options[] = {
	{ "socket", required_argument, NULL, SOCKET },
	{ "log", required_argument, NULL, LOG },
	{ "scene", required_argument, NULL, SCENE },
	{ "replay", required_argument, NULL, REPLAY },
	{ "probe", required_argument, NULL, PROBE },
	{ "seed", required_argument, NULL, SEED },
	{ "heart-rate", required_argument, NULL, HEART_RATE },
	{ "cache", required_argument, NULL, CACHE },
	{ "ahead", no_argument, NULL, AHEAD },
	{ "nonlinearity", required_argument, NULL, NONLINEARITY },
	{ "fault", required_argument, NULL, FAULT },
	{ "channels", required_argument, NULL, CHANNELS },
	{ "elements", required_argument, NULL, ELEMENTS },
	{ "adc-clock", required_argument, NULL, ADC_CLOCK },
	{ "adc-bits", required_argument, NULL, ADC_BITS },
	{ "heartbeat-max", required_argument, NULL, HEARTBEAT_MAX },
	{ "table-max", required_argument, NULL, TABLE_MAX },
	{ "flash", required_argument, NULL, FLASH },
	{ "serial", required_argument, NULL, SERIAL },
	{ "log-tx", no_argument, NULL, LOG_TX },
	{ "help", no_argument, NULL, HELP },
	{ 0 },
};

void options_help(void)
{
	fputs("Usage: sono-sim --socket PATH [OPTION...]\n"
	      "Serves one emulated Sonoring board to one vfio-user client.\n"
	      "\n"
	      "  --socket PATH       listen here; the file goes when the board does\n"
	      "  --log FILE          write the board's event log\n"
	      "  --scene NAME        what the probe sees: points, cyst, speckle, vessel,\n"
	      "                      disk, heart, abdomen, phantom, air, noise, pattern:\n"
	      "                      the ADC delivers the ramp (pattern)\n"
	      "  --replay FILE       play a recording instead of a scene\n"
	      "  --probe NAME        linear (128 elements, 5.2 MHz), phased (64,\n"
	      "                      2.7 MHz) or convex (128, 3.5 MHz); sets channels\n"
	      "                      and ADC clock (the scene's own)\n"
	      "  --seed N            of speckle and noise (1)\n"
	      "  --heart-rate BPM    of the heart, 30 to 240 (75)\n"
	      "  --cache MB          memory for echoes of what moves (536)\n"
	      "  --ahead             compute them before the first frame\n"
	      "  --nonlinearity N    of the medium, 0 to 1 (0): second harmonics\n"
	      "  --fault NAME=N,...  inject faults: every Nth lost, duplicate, slot,\n"
	      "                      gen, len, backward, torn, torn-end, late, swapped,\n"
	      "                      irq-lost, irq-double, irq-late, flip, reg-flip,\n"
	      "                      reg-wild, stray (to stray-page), stuck, numb,\n"
	      "                      linger, hang, glitch, crc, forget, flash, or by\n"
	      "                      chance\n"
	      "                      from a seed; N ms after the first start dead,\n"
	      "                      blind, blank, overtemp, overvolt, reboot, stall;\n"
	      "                      dead-channel, noisy-channel, weak-element,\n"
	      "                      dead-element N; every Nth frame corrupt; scratch,\n"
	      "                      rot, hot, leak, deaf, heedless, lanes, speed:\n"
	      "                      Documentation/hardware.rst\n"
	      "  --channels N        receive channels\n"
	      "  --elements N        elements with a pulser\n"
	      "  --adc-clock HZ\n"
	      "  --adc-bits N        8 to 16 (14; of a recording 16)\n"
	      "  --heartbeat-max MS  longest time between heartbeats (2000)\n"
	      "  --table-max N       bytes of a table (4194304)\n"
	      "  --flash FILE        keep what firmware it has here; it is made if it\n"
	      "                      is not there\n"
	      "  --serial N          number of the board (1)\n"
	      "  --log-tx            log every transmit event\n"
	      "  --help\n",
	      stdout);
}

static int complain(const char *what, const char *value)
{
	fprintf(stderr, "sono-sim: %s: %s (see sono-sim --help)\n", what,
		value);
	return -EINVAL;
}

static int parse_number(const char *name, const char *text, uint32_t min,
			uint32_t max, uint32_t *value)
{
	unsigned long long v;
	char *end;

	v = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || v < min || v > max) {
		fprintf(stderr,
			"sono-sim: --%s %s: not a number from %u to %u\n", name,
			text, min, max);
		return -EINVAL;
	}
	*value = (uint32_t)v;
	return 0;
}

static int parse_seed(const char *text, uint64_t *seed)
{
	char *end;

	errno = 0;
	*seed = strtoull(text, &end, 10);
	if (errno || *text < '0' || *text > '9' || *end)
		return complain("--seed: not a number", text);
	return 0;
}

static int parse_serial(struct options *o, const char *text)
{
	uint32_t serial;

	if (parse_number("serial", text, 0, UINT32_MAX, &serial))
		return -EINVAL;
	o->config.limits.serial = serial;
	return 0;
}

static int parse_heart_rate(struct options *o, const char *text)
{
	uint32_t rate;

	if (parse_number("heart-rate", text, SIM_HEART_RATE_MIN,
			 SIM_HEART_RATE_MAX, &rate))
		return -EINVAL;
	o->phantom.scene.heart_rate = rate;
	return 0;
}

static int parse_cache(struct options *o, const char *text)
{
	uint32_t mb;

	if (parse_number("cache", text, 0, 65536, &mb))
		return -EINVAL;
	o->phantom.cache_bytes = (size_t)mb * 1000000;
	return 0;
}

static int parse_nonlinearity(struct options *o, const char *text)
{
	char *end;
	double n = strtod(text, &end);

	if (end == text || *end || !(n >= 0 && n <= 1))
		return complain("--nonlinearity: not a number from 0 to 1",
				text);
	o->phantom.nonlinearity = n;
	return 0;
}

static int parse_probe(struct options *o, const char *name)
{
	if (sim_probe_find(&o->phantom.probe, name))
		return complain("no such probe", name);
	sim_probe_limits(&o->phantom.probe, &o->config.limits);
	return 0;
}

static int parse_option(struct options *o, int option, const char *value)
{
	struct sim_limits *l = &o->config.limits;

	switch (option) {
	case SOCKET:
		o->socket = value;
		return 0;
	case LOG:
		o->log = value;
		return 0;
	case SCENE:
		o->scene = value;
		return 0;
	case REPLAY:
		o->replay = value;
		return 0;
	case PROBE:
		return parse_probe(o, value);
	case SEED:
		return parse_seed(value, &o->phantom.scene.seed);
	case HEART_RATE:
		return parse_heart_rate(o, value);
	case CACHE:
		return parse_cache(o, value);
	case AHEAD:
		o->phantom.ahead = true;
		return 0;
	case NONLINEARITY:
		return parse_nonlinearity(o, value);
	case FAULT:
		if (sim_faults_parse(&o->config.faults, value))
			return complain("not a list of faults", value);
		return 0;
	case CHANNELS:
		return parse_number("channels", value, 1, 1024, &l->channels);
	case ELEMENTS:
		return parse_number("elements", value, 1, 1024, &l->elements);
	case ADC_CLOCK:
		return parse_number("adc-clock", value, 100000, 250000000,
				    &l->adc_clock);
	case ADC_BITS:
		return parse_number("adc-bits", value, 8, 16, &l->adc_bits);
	case HEARTBEAT_MAX:
		return parse_number("heartbeat-max", value, 1, 60000,
				    &l->heartbeat_max);
	case TABLE_MAX:
		return parse_number("table-max", value, 4096, 1 << 28,
				    &l->seq_bytes_max);
	case SERIAL:
		return parse_serial(o, value);
	case FLASH:
		o->flash = value;
		return 0;
	case LOG_TX:
		o->config.log_tx = true;
		return 0;
	case HELP:
		o->help = true;
		return 0;
	default:
		return -EINVAL;
	}
}

/*
 * A scene brings the probe that it is made for. That goes before all other
 * options, so that they can change it wherever they stand.
 */
static void default_probe(struct options *o, int argc, char **argv)
{
	int option;

	opterr = 0;
	for (;;) {
		const char *probe;

		option = getopt_long(argc, argv, "", long_options, NULL);
		if (option < 0)
			break;
		probe = option == SCENE ? sim_scene_probe(optarg) : NULL;
		if (probe)
			parse_probe(o, probe);
	}
	opterr = 1;
	optind = 0;
}

int options_parse(struct options *o, int argc, char **argv)
{
	int option;

	*o = (struct options){ 0 };
	sim_config_init(&o->config);
	sim_phantom_config_init(&o->phantom);
	default_probe(o, argc, argv);
	for (;;) {
		option = getopt_long(argc, argv, "", long_options, NULL);
		if (option < 0)
			break;
		if (parse_option(o, option, optarg))
			return -EINVAL;
	}
	if (o->help)
		return 0;
	sim_probe_spoil(&o->phantom.probe, &o->config.faults);
	if (optind < argc)
		return complain("unknown argument", argv[optind]);
	if (!o->socket)
		return complain("missing", "--socket PATH");
	if (o->scene && o->replay)
		return complain("--scene and --replay exclude each other",
				o->replay);
	return 0;
}
