// SPDX-License-Identifier: MIT
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "setup.h"
#include "why.h"

/* Formats are told apart by it; setups are made one at a time. */
static uint32_t formats;

int setup_check_name(const char *preset, char *why, size_t why_bytes)
{
	const char *c = preset;

	while (isalnum((unsigned char)*c) || *c == '-' || *c == '_')
		c++;
	if (*preset && !*c && c - preset < PRESET_NAME_MAX)
		return 0;
	return sono_why(why, why_bytes, -EINVAL,
			"\"%.40s\" is no name of a preset", preset);
}

static int open_plan(struct setup *s, const struct setup_params *params,
		     char *why, size_t why_bytes)
{
	char path[4096];

	if (snprintf(path, sizeof(path), "%s/%s.plan", params->presets,
		     s->preset) >= (int)sizeof(path))
		return sono_why(why, why_bytes, -ENAMETOOLONG, "%s: %s",
				params->presets, strerror(ENAMETOOLONG));
	return sono_plan_turn(&s->plan, path, &s->controls, &params->info, why,
			      why_bytes);
}

static int open_pipeline(struct setup *s, const struct setup_params *params,
			 char *why, size_t why_bytes)
{
	struct pipeline_params p = s->plan->params;
	const char *reason = NULL;
	int ret;

	p.workers = params->workers;
	ret = pipeline_create(&s->pipeline, s->plan->scan, &p, &reason);
	if (ret && reason)
		sono_plan_blame(s->plan, reason, why, why_bytes);
	else if (ret)
		sono_why(why, why_bytes, ret, "%s: %s", s->preset,
			 strerror(-ret));
	return ret;
}

static int open_share(struct setup *s, const struct setup_params *params,
		      char *why, size_t why_bytes)
{
	struct sono_stream_format *format;
	int ret = share_create(&s->share, s->pipeline, params->buffers);

	if (ret)
		return sono_why(why, why_bytes, ret, "%s: pictures: %s",
				s->preset, strerror(-ret));
	format = share_format(s->share);
	format->format = ++formats;
	format->frame_rate = s->plan->rates.frame_rate;
	snprintf(format->preset, sizeof(format->preset), "%s", s->preset);
	return 0;
}

int setup_create(struct setup **setup, const struct setup_params *params,
		 const char *preset, const struct sono_controls *controls,
		 char *why, size_t why_bytes)
{
	struct setup *s;
	int ret = setup_check_name(preset, why, why_bytes);

	if (ret)
		return ret;
	s = calloc(1, sizeof(*s));
	if (!s)
		return sono_why(why, why_bytes, -ENOMEM, "no memory");
	snprintf(s->preset, sizeof(s->preset), "%s", preset);
	s->controls = *controls;
	ret = open_plan(s, params, why, why_bytes);
	if (!ret)
		ret = open_pipeline(s, params, why, why_bytes);
	if (!ret)
		ret = open_share(s, params, why, why_bytes);
	if (ret) {
		setup_destroy(s);
		return ret;
	}
	s->indices = sono_indices_of(s->plan);
	*setup = s;
	return 0;
}

void setup_destroy(struct setup *s)
{
	if (!s)
		return;
	share_drop(s->share);
	pipeline_destroy(s->pipeline);
	sono_plan_close(s->plan);
	free(s);
}
