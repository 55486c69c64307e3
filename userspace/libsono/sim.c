// SPDX-License-Identifier: MIT
/*
 * "sim:SCENE[,key=value]...": an emulated board in this process. The keys mean
 * what the options of sono-sim mean; rate is the heart rate, pace real or
 * virtual. "sim:@NAME": one more handle of the board with the key board=NAME.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "phantom.h"
#include "recorded.h"
#include "sim_host.h"
#include "why.h"

#define CACHE_MB_MAX 65536

/**
 * struct sim_world - a board and what it sees
 * @host: of the board
 * @phantom: the scene that its ADC sees, or NULL
 * @recorded: the recording that it plays, or NULL
 * @name: the source's name, cut into its parts
 * @board: by which more handles find it, or NULL
 * @handles: that are open
 * @next: of those with a @board
 */
struct sim_world {
	struct sim_host host;
	struct sim_frontend *phantom;
	struct recorded *recorded;
	char *name;
	const char *board;
	unsigned int handles;
	struct sim_world *next;
};

/**
 * struct sono_sim - handle of an emulated board
 * @base: handle
 * @world: the board's
 */
struct sono_sim {
	struct sono base;
	struct sim_world *world;
};

/* Guards the list and what is in it but for the hosts. */
static pthread_mutex_t worlds_lock = PTHREAD_MUTEX_INITIALIZER;
static struct sim_world *worlds;

/**
 * struct sim_source - what a name asks for
 * @scene: name of a scene, "pattern" or "replay"
 * @config: of the board
 * @phantom: how a scene is seen
 * @file: the recording to replay, or NULL
 * @log: file for the event log, or NULL
 * @board: name for more handles, or NULL
 * @real: time is real
 */
struct sim_source {
	const char *scene;
	struct sim_config config;
	struct sim_phantom_config phantom;
	const char *file;
	const char *log;
	const char *board;
	bool real;
};

enum key {
	KEY_PACE,
	KEY_LOG,
	KEY_FAULT,
	KEY_PROBE,
	KEY_SEED,
	KEY_FILE,
	KEY_RATE,
	KEY_CACHE,
	KEY_AHEAD,
	KEY_NONLINEARITY,
	KEY_BOARD,
	KEY_DEAD_CHANNEL,
	KEY_NOISY_CHANNEL,
	KEY_WEAK_ELEMENT,
	KEY_DEAD_ELEMENT,
};

static char *const key_names[] = {
	[KEY_PACE] = "pace",
	[KEY_LOG] = "log",
	[KEY_FAULT] = "fault",
	[KEY_PROBE] = "probe",
	[KEY_SEED] = "seed",
	[KEY_FILE] = "file",
	[KEY_RATE] = "rate",
	[KEY_CACHE] = "cache",
	[KEY_AHEAD] = "ahead",
	[KEY_NONLINEARITY] = "nonlinearity",
	[KEY_BOARD] = "board",
	[KEY_DEAD_CHANNEL] = "dead-channel",
	[KEY_NOISY_CHANNEL] = "noisy-channel",
	[KEY_WEAK_ELEMENT] = "weak-element",
	[KEY_DEAD_ELEMENT] = "dead-element",
	NULL,
};

static struct sim_world *world_of(struct sono *s)
{
	return ((struct sono_sim *)s)->world;
}

static void world_free(struct sim_world *w)
{
	sim_frontend_destroy(w->phantom);
	recorded_close(w->recorded);
	free(w->name);
	free(w);
}

static struct sim_world *world_called(const char *board)
{
	struct sim_world *w = worlds;

	while (w && strcmp(w->board, board))
		w = w->next;
	return w;
}

/* The board called @board, with a handle more; NULL: there is none. */
static struct sim_world *world_find(const char *board)
{
	struct sim_world *w;

	pthread_mutex_lock(&worlds_lock);
	w = world_called(board);
	if (w)
		w->handles++;
	pthread_mutex_unlock(&worlds_lock);
	return w;
}

/* False: there is one of that name. */
static bool world_enter(struct sim_world *w)
{
	bool good;

	w->handles = 1;
	if (!w->board)
		return true;
	pthread_mutex_lock(&worlds_lock);
	good = !world_called(w->board);
	if (good) {
		w->next = worlds;
		worlds = w;
	}
	pthread_mutex_unlock(&worlds_lock);
	return good;
}

/* One handle less; true: it was the last. */
static bool world_leave(struct sim_world *w)
{
	struct sim_world **at = &worlds;
	bool last;

	pthread_mutex_lock(&worlds_lock);
	last = !--w->handles;
	while (last && *at && *at != w)
		at = &(*at)->next;
	if (last && *at)
		*at = w->next;
	pthread_mutex_unlock(&worlds_lock);
	return last;
}

/* A stream's memory stays until the last of its observers is gone. */
static void sim_close(struct sono *s)
{
	struct sim_world *w = world_of(s);

	if (s->user)
		sim_host_leave(&w->host);
	if (world_leave(w)) {
		sim_host_destroy(&w->host);
		world_free(w);
	}
	free(s);
}

static int set_probe(struct sim_source *src, const char *name)
{
	int ret = sim_probe_find(&src->phantom.probe, name);

	if (!ret)
		sim_probe_limits(&src->phantom.probe, &src->config.limits);
	return ret;
}

static int set_seed(struct sim_source *src, const char *value)
{
	char *end;

	src->phantom.scene.seed = strtoull(value, &end, 10);
	return *value >= '0' && *value <= '9' && !*end ? 0 : -EINVAL;
}

static int set_number(unsigned long *number, const char *value,
		      unsigned long min, unsigned long max)
{
	char *end;

	*number = strtoul(value, &end, 10);
	return *value >= '0' && *value <= '9' && !*end && *number >= min &&
			       *number <= max ?
		       0 :
		       -EINVAL;
}

static int set_rate(struct sim_source *src, const char *value)
{
	unsigned long rate;
	int ret = set_number(&rate, value, SIM_HEART_RATE_MIN,
			     SIM_HEART_RATE_MAX);

	if (!ret)
		src->phantom.scene.heart_rate = rate;
	return ret;
}

static int set_cache(struct sim_source *src, const char *value)
{
	unsigned long mb;
	int ret = set_number(&mb, value, 0, CACHE_MB_MAX);

	if (!ret)
		src->phantom.cache_bytes = mb * 1000000;
	return ret;
}

static int set_ahead(struct sim_source *src, const char *value)
{
	unsigned long ahead;
	int ret = set_number(&ahead, value, 0, 1);

	if (!ret)
		src->phantom.ahead = ahead;
	return ret;
}

static int set_nonlinearity(struct sim_source *src, const char *value)
{
	char *end;
	double n = strtod(value, &end);

	src->phantom.nonlinearity = n;
	return end != value && !*end && n >= 0 && n <= 1 ? 0 : -EINVAL;
}

/* A fault with a key of its own: "KEY=N". */
static int set_fault(struct sim_source *src, int key, const char *value)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "%s=%s", key_names[key], value);

	if (n < 0 || (size_t)n >= sizeof(text))
		return -EINVAL;
	return sim_faults_parse(&src->config.faults, text);
}

static int set_key(struct sim_source *src, int key, const char *value)
{
	switch (key) {
	case KEY_PACE:
		src->real = !strcmp(value, "real");
		return src->real || !strcmp(value, "virtual") ? 0 : -EINVAL;
	case KEY_LOG:
		src->log = value;
		return 0;
	case KEY_FAULT:
		return sim_faults_parse(&src->config.faults, value);
	case KEY_PROBE:
		return set_probe(src, value);
	case KEY_SEED:
		return set_seed(src, value);
	case KEY_FILE:
		src->file = value;
		return 0;
	case KEY_RATE:
		return set_rate(src, value);
	case KEY_CACHE:
		return set_cache(src, value);
	case KEY_AHEAD:
		return set_ahead(src, value);
	case KEY_NONLINEARITY:
		return set_nonlinearity(src, value);
	case KEY_BOARD:
		src->board = value;
		return *value ? 0 : -EINVAL;
	case KEY_DEAD_CHANNEL:
	case KEY_NOISY_CHANNEL:
	case KEY_WEAK_ELEMENT:
	case KEY_DEAD_ELEMENT:
		return set_fault(src, key, value);
	}
	return -EINVAL;
}

/* Cuts @keys into pieces that @src points to. */
static int parse_keys(struct sim_source *src, char *keys, char *why,
		      size_t why_bytes)
{
	do {
		char *item = keys;
		char *value;
		int key = getsubopt(&keys, key_names, &value);

		if (key < 0)
			return sono_why(why, why_bytes, -EINVAL,
					"no such key: %s", item);
		if (!value || set_key(src, key, value))
			return sono_why(why, why_bytes, -EINVAL,
					"bad value of key %s: %s",
					key_names[key], value ? value : "");
	} while (*keys);
	return 0;
}

/* The first number in a set that is not below @count, or -1. */
static int beyond(const uint64_t *set, uint32_t count)
{
	for (uint32_t i = count; i < SIM_CHANNELS_MAX; i++)
		if (sim_channel_has(set, i))
			return (int)i;
	return -1;
}

/* Keys that are right by themselves and mean nothing here. */
static int check_keys(const struct sim_source *src, char *why, size_t why_bytes)
{
	const struct sim_limits *l = &src->config.limits;
	const struct sim_faults *f = &src->config.faults;
	const struct {
		int key, beyond;
		uint32_t count;
	} set[] = {
		{ KEY_DEAD_CHANNEL, beyond(f->dead_channel, l->channels),
		  l->channels },
		{ KEY_NOISY_CHANNEL, beyond(f->noisy_channel, l->channels),
		  l->channels },
		{ KEY_WEAK_ELEMENT, beyond(f->weak_element, l->elements),
		  l->elements },
		{ KEY_DEAD_ELEMENT, beyond(f->dead_element, l->elements),
		  l->elements },
	};

	for (size_t i = 0; i < sizeof(set) / sizeof(*set); i++)
		if (set[i].beyond >= 0)
			return sono_why(why, why_bytes, -EINVAL,
					"bad value of key %s: %d, of 0 to %u",
					key_names[set[i].key], set[i].beyond,
					set[i].count - 1);
	if (f->lanes || f->speed || f->rot || f->flash || f->stall ||
	    f->blind || f->blank || f->numb || f->glitch ||
	    (f->hang && !f->forget && !f->reboot))
		return sono_why(why, why_bytes, -EINVAL,
				"faults lanes, speed, rot, flash, stall, hang, blind, blank, numb and glitch mean nothing in process: there is no link, no flash and no reset");
	if (src->file && strcmp(src->scene, "replay"))
		return sono_why(why, why_bytes, -EINVAL,
				"key file means nothing to scene %s, only to replay",
				src->scene);
	return 0;
}

static int parse_name(struct sim_source *src, char *name, char *why,
		      size_t why_bytes)
{
	char *keys = strchr(name, ',');

	if (keys && name[strlen(name) - 1] == ',')
		return sono_why(why, why_bytes, -EINVAL,
				"no key after the last comma");
	if (keys)
		*keys++ = '\0';
	src->scene = name;
	sim_config_init(&src->config);
	sim_phantom_config_init(&src->phantom);
	if (sim_scene_probe(src->scene))
		set_probe(src, sim_scene_probe(src->scene));
	return keys ? parse_keys(src, keys, why, why_bytes) : 0;
}

static int open_recorded(struct sim_world *w, struct sim_source *src,
			 char *why, size_t why_bytes)
{
	int ret;

	if (!src->file)
		return sono_why(why, why_bytes, -EINVAL,
				"replay needs the key file=RECORDING");
	ret = recorded_open(&w->recorded, src->file, why, why_bytes);
	if (ret)
		return ret;
	recorded_limits(w->recorded, &src->config.limits);
	src->config.frontend = recorded_frontend(w->recorded);
	return 0;
}

/* What the board's ADC sees; nothing of it is needed for a pattern. */
static int open_scene(struct sim_world *w, struct sim_source *src, char *why,
		      size_t why_bytes)
{
	int ret;

	if (!strcmp(src->scene, "pattern"))
		return 0;
	if (!strcmp(src->scene, "replay"))
		return open_recorded(w, src, why, why_bytes);
	sim_probe_spoil(&src->phantom.probe, &src->config.faults);
	ret = sim_phantom_create(&w->phantom, src->scene, &src->phantom);
	if (ret == -ENOENT)
		return sono_why(why, why_bytes, -EINVAL, "no such scene: %s",
				src->scene);
	src->config.frontend = w->phantom;
	return ret;
}

static int world_open(struct sim_world **world, const char *name, char *why,
		      size_t why_bytes)
{
	struct sim_source src = { 0 };
	struct sim_world *w = calloc(1, sizeof(*w));
	int ret = -ENOMEM;

	if (!w)
		return ret;
	w->name = strdup(name);
	if (!w->name)
		goto err_free;
	ret = parse_name(&src, w->name, why, why_bytes);
	if (ret)
		goto err_free;
	ret = open_scene(w, &src, why, why_bytes);
	if (!ret)
		ret = check_keys(&src, why, why_bytes);
	if (ret)
		goto err_free;
	ret = sim_host_create(&w->host, &src.config, src.log, src.real);
	if (ret)
		goto err_free;
	w->board = src.board;
	w->host.shared = src.board;
	if (!world_enter(w)) {
		ret = sono_why(why, why_bytes, -EBUSY,
			       "there is a board %s already", src.board);
		goto err_host;
	}
	*world = w;
	return 0;

err_host:
	sim_host_destroy(&w->host);
err_free:
	world_free(w);
	return ret;
}

static int sim_open(struct sono **s, const char *name, char *why,
		    size_t why_bytes)
{
	struct sono_sim *sim = calloc(1, sizeof(*sim));
	int ret = 0;

	if (!sim)
		return -ENOMEM;
	if (*name == '@') {
		sim->world = world_find(name + 1);
		if (!sim->world)
			ret = sono_why(why, why_bytes, -ENOENT,
				       "no board %s in this process", name + 1);
	} else {
		ret = world_open(&sim->world, name, why, why_bytes);
	}
	if (ret) {
		free(sim);
		return ret;
	}
	sim->base.ops = &sono_backend_sim;
	sim_host_info(&sim->world->host, &sim->base.info);
	*s = &sim->base;
	return 0;
}

static int sim_command(struct sono *s, uint32_t op, void *arg)
{
	struct sim_host *h = &world_of(s)->host;

	if (!s->user)
		return -EPERM;
	switch (op) {
	case SONO_CMD_CONFIG:
		return sim_host_config(h, &s->info, arg);
	case SONO_CMD_START:
		return sim_host_start(h, arg);
	case SONO_CMD_STOP:
		return sim_host_stop(h, arg);
	case SONO_CMD_KICK:
		return sim_host_kick(h);
	}
	return -ENOTTY;
}

static int sim_setup(struct sono *s)
{
	struct sim_host *h = &world_of(s)->host;
	int ret = sim_host_setup(h, &s->info, &s->setup);

	if (!ret)
		sono_attach(s, h->ring_view, h->user_mem,
			    h->region[SIM_REGION_SLOTS].base);
	return ret;
}

static int sim_observe(struct sono *s)
{
	struct sim_host *h = &world_of(s)->host;
	int ret = sim_host_observe(h, &s->setup);

	if (!ret)
		sono_attach(s, h->ring_view, NULL, h->slots_view);
	return ret;
}

static int sim_arm(struct sono *s, const struct sono_arm *arm)
{
	struct sim_host *h = &world_of(s)->host;

	return s->user ? sim_host_arm(h, arm) : sim_host_watch(h, arm);
}

static void sim_idle(struct sono *s)
{
	if (s->user)
		sim_host_idle(&world_of(s)->host);
}

static int sim_sensors(struct sono *s, struct sono_sensors *sensors)
{
	sim_host_sensors(&world_of(s)->host, sensors);
	return 0;
}

static int sim_selftest(struct sono *s, enum sono_selftest what,
			struct sono_selftest_result *result)
{
	return sim_host_selftest(&world_of(s)->host, what, result);
}

static void sim_pause(struct sono *s, uint32_t us)
{
	sim_host_pause(&world_of(s)->host, us);
}

const struct sono_backend sono_backend_sim = {
	.prefix = "sim:",
	.open = sim_open,
	.command = sim_command,
	.setup = sim_setup,
	.observe = sim_observe,
	.arm = sim_arm,
	.idle = sim_idle,
	.sensors = sim_sensors,
	.selftest = sim_selftest,
	.pause = sim_pause,
	.close = sim_close,
};
