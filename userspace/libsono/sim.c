// SPDX-License-Identifier: MIT
/* "sim:SCENE[,key=value]...": an emulated board in this process. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "sim_host.h"
#include "why.h"

/**
 * struct sono_sim - handle of an emulated board
 * @base: handle
 * @host: of the board
 * @frontend: what its ADC sees
 * @name: the source's name, cut into its parts
 */
struct sono_sim {
	struct sono base;
	struct sim_host host;
	struct sim_frontend *frontend;
	char *name;
};

/**
 * struct sim_source - what a name asks for
 * @config: of the board
 * @log: file for the event log, or NULL
 * @real: time is real
 */
struct sim_source {
	struct sim_config config;
	const char *log;
	bool real;
};

enum key { KEY_PACE, KEY_LOG, KEY_FAULT };

static char *const key_names[] = {
	[KEY_PACE] = "pace",
	[KEY_LOG] = "log",
	[KEY_FAULT] = "fault",
	NULL,
};

static struct sono_sim *sim_of(struct sono *s)
{
	return (struct sono_sim *)s;
}

static void sim_free(struct sono_sim *sim)
{
	sim_frontend_destroy(sim->frontend);
	free(sim->name);
	free(sim);
}

static void sim_close(struct sono *s)
{
	struct sono_sim *sim = sim_of(s);

	sim_host_destroy(&sim->host);
	sim_free(sim);
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
	}
	return -EINVAL;
}

/* Cuts @keys into pieces that @src points to. */
static int parse_keys(struct sim_source *src, char *keys, char *why,
		      size_t why_bytes)
{
	while (*keys) {
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
	}
	return 0;
}

static int parse_name(struct sim_source *src, struct sono_sim *sim, char *why,
		      size_t why_bytes)
{
	char *keys = strchr(sim->name, ',');
	char *scene = sim->name;

	if (keys)
		*keys++ = '\0';
	if (strcmp(scene, "pattern"))
		return sono_why(why, why_bytes, -EINVAL, "no such scene: %s",
				scene);
	return keys ? parse_keys(src, keys, why, why_bytes) : 0;
}

static int sim_open(struct sono **s, const char *name, char *why,
		    size_t why_bytes)
{
	struct sim_source src = { 0 };
	struct sono_sim *sim;
	int ret;

	sim = calloc(1, sizeof(*sim));
	if (!sim)
		return -ENOMEM;
	ret = -ENOMEM;
	sim->name = strdup(name);
	if (!sim->name)
		goto err_free;
	sim_config_init(&src.config);
	ret = parse_name(&src, sim, why, why_bytes);
	if (ret)
		goto err_free;
	src.config.frontend = sim->frontend;
	ret = sim_host_create(&sim->host, &src.config, src.log, src.real);
	if (ret)
		goto err_free;
	sim->base.ops = &sono_backend_sim;
	sim_host_info(&sim->host, &sim->base.info);
	*s = &sim->base;
	return 0;

err_free:
	sim_free(sim);
	return ret;
}

static int sim_command(struct sono *s, uint32_t op, void *arg)
{
	struct sim_host *h = &sim_of(s)->host;

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
	struct sim_host *h = &sim_of(s)->host;
	int ret = sim_host_setup(h, &s->info, &s->setup);

	if (!ret)
		sono_attach(s, h->ring_view, h->user_mem,
			    h->region[SIM_REGION_SLOTS].base);
	return ret;
}

static int sim_arm(struct sono *s, const struct sono_arm *arm)
{
	return sim_host_arm(&sim_of(s)->host, arm);
}

static void sim_idle(struct sono *s)
{
	sim_host_idle(&sim_of(s)->host);
}

const struct sono_backend sono_backend_sim = {
	.prefix = "sim:",
	.open = sim_open,
	.command = sim_command,
	.setup = sim_setup,
	.arm = sim_arm,
	.idle = sim_idle,
	.close = sim_close,
};
