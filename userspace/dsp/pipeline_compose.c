// SPDX-License-Identifier: MIT
/*
 * The stage that lays the section and its strips under each other.
 */
#include <errno.h>
#include <string.h>

#include "cpu.h"
#include "pipeline_stage.h"

static void add_region(struct image *image, enum region_kind kind,
		       const struct image *layer)
{
	struct image_region *r = &image->region[image->regions];

	*r = (struct image_region){
		.kind = kind,
		.raster = layer->raster,
	};
	if (kind == REGION_M)
		r->colour = layer->colour;
	if (image->regions)
		r->top = r[-1].top + r[-1].raster.height;
	image->regions++;
	image->raster.height += layer->raster.height;
}

static int make_compose(struct pipeline *p, const char **why)
{
	struct image regions = { .raster = p->section.raster };
	int ret;

	regions.raster.height = 0;
	add_region(&regions, REGION_B, &p->section);
	if (p->mmode)
		add_region(&regions, REGION_M, &p->m_strip);
	if (p->spectrum)
		add_region(&regions, REGION_SPECTRUM, &p->pw_strip);
	if (p->ecg)
		add_region(&regions, REGION_ECG, &p->ecg_strip);
	if (regions.raster.height > 16384) {
		*why = "picture: section and strips are more than 16384 pixels high";
		return -EINVAL;
	}
	p->rgb = cpu_choose(scanconvert_rgb_variants)->fn;
	ret = image_init(&p->composite, IMAGE_RGB24, &regions.raster);
	p->composite.regions = regions.regions;
	memcpy(p->composite.region, regions.region, sizeof(regions.region));
	p->composite.floor_db = p->section.floor_db;
	p->composite.grey = p->section.grey;
	p->composite.colour = p->section.colour;
	return ret;
}

static void copy_layer(const struct pipeline *p, struct image *out,
		       uint32_t top, const struct image *layer)
{
	const uint32_t width = layer->raster.width;
	uint32_t row;

	for (row = 0; row < layer->raster.height; row++) {
		const uint8_t *from = layer->data + row * layer->stride;
		uint8_t *to = out->data + (top + row) * out->stride;

		if (layer->format == IMAGE_RGB24)
			memcpy(to, from, 3 * (size_t)width);
		else
			p->rgb(to, from, width);
	}
}

static void run_compose(struct pipeline *p)
{
	struct image *out = &p->composite;
	uint32_t i;

	for (i = 0; i < out->regions; i++) {
		struct image_region *r = &out->region[i];

		copy_layer(p, out, r->top, pipeline_layer(p, r->kind));
		if (r->kind == REGION_M)
			r->now = mmode_now(p->mmode);
		if (r->kind == REGION_SPECTRUM)
			r->now = spectrum_now(p->spectrum);
		if (r->kind == REGION_ECG) {
			r->now = ecg_now(p->ecg);
			r->raster.dz = p->ecg_strip.raster.dz;
		}
	}
}

const struct stage stage_compose = {
	.name = "compose",
	.wanted = with_strips,
	.make = make_compose,
	.run = run_compose,
};
