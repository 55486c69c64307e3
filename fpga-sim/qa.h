/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * phantom: what image quality is measured with, for a linear probe. The vessel of
 * flow.h with its tissue; below it speckle as strong as that tissue, with the
 * circles of @sim_qa_cysts; aside and at the bottom the wires of @sim_qa_wires, with
 * nothing about them; above all of it those of @sim_qa_shallow, each deeper.
 */
#ifndef SIM_QA_H
#define SIM_QA_H

#include "scene.h"

#define SIM_QA_WIRES 7
#define SIM_QA_SHALLOW 4
#define SIM_QA_CYSTS 2

extern const struct sim_scatterer sim_qa_wires[SIM_QA_WIRES];
extern const struct sim_scatterer sim_qa_shallow[SIM_QA_SHALLOW];
extern const struct sim_cyst sim_qa_cysts[SIM_QA_CYSTS];
extern const struct sim_rectangle sim_qa_speckle;

/* A scene of scene.c's table. */
int sim_qa_fill(struct sim_scene *scene, const struct sim_scene_params *params);

#endif /* SIM_QA_H */
