// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "svg.h"

#define FAULTS 4 /* of a check */
#define EARLIER 6 /* diagnoses that are listed */
#define PLOTS 6 /* beside the picture */
#define TRENDS 2
#define EARLIER_FAULTS 2 /* of an earlier diagnosis */
#define NAME 56 /* bytes of what may be long */

/* A4, so that it is one page; a browser's print needs nothing else. */
static const char style[] =
	"@page{size:A4;margin:8mm}@media print{body{font-size:8px!important;line-height:1.25!important;margin:0!important}td,th{padding:0 4px!important}.figures{font-size:6.5px!important}.plots svg{height:22mm}.plots img{height:52mm!important}h2{margin:3px 0 1px!important}}"
	"body{font:10px/1.35 sans-serif;color:#111;max-width:190mm;margin:1em auto}"
	"h1{font-size:17px;margin:0}h2{font-size:12px;margin:6px 0 2px}"
	"table{border-collapse:collapse;width:100%}"
	"td,th{border-bottom:1px solid #ddd;padding:1px 5px;text-align:left;vertical-align:top}"
	"th{color:#666;font-weight:normal}"
	".n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}"
	".pass,.warn,.fail,.timeout,.skip{font-weight:bold;white-space:nowrap}"
	".pass{color:#17702a}.warn{color:#9a6700}.fail,.timeout{color:#b3131f}.skip{color:#777}"
	".verdict{font-size:15px;border:2px solid;padding:3px 10px;float:right;text-transform:uppercase}"
	".plots{display:grid;grid-template-columns:1fr 1fr 1fr;gap:1mm 3mm;margin-top:3mm}"
	".plots:has(img){grid-template-columns:auto 1fr 1fr}"
	".plots svg{width:100%}.plots figure{grid-row:span 3;margin:0}.plots img{height:60mm;display:block}"
	"figcaption{font-size:8px;font-weight:bold}"
	".figures{columns:2;font-size:7.5px;column-gap:6mm}.figures tr{break-inside:avoid}"
	".figures td,.figures th{padding:0 2px}"
	".time{white-space:nowrap}"
	"svg text{font:8px sans-serif;fill:#444}svg .t{font-size:9px;font-weight:bold;fill:#111}"
	"svg .e{text-anchor:end}svg .m{text-anchor:middle}"
	".grid{stroke:#e4e4e4}.limit{stroke:#b3131f;stroke-dasharray:3 2;fill:none}"
	".line{stroke:#1553a0;fill:none}"
	"footer{color:#777;margin-top:8px;clear:both}";

static void put_text(FILE *to, const char *text)
{
	for (; text && *text; text++) {
		if (*text == '<')
			fputs("&lt;", to);
		else if (*text == '&')
			fputs("&amp;", to);
		else if (*text == '\'')
			fputs("&#39;", to);
		else
			fputc(*text, to);
	}
}

/* Only so many bytes of it: the page is one. */
static void put_short(FILE *to, const char *text, size_t most)
{
	char cut[256];
	const size_t n = text ? strlen(text) : 0;

	most = most < sizeof(cut) ? most : sizeof(cut) - 1;
	snprintf(cut, sizeof(cut), "%.*s", (int)most, text ? text : "");
	put_text(to, cut);
	if (n > most)
		fputs("…", to);
}

static const char *string_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* --- pictures --------------------------------------------------------------- */

static void put_base64(FILE *to, const uint8_t *data, size_t n)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		const uint32_t left = n - i < 3 ? (uint32_t)(n - i) : 3;
		uint32_t bits = 0;

		for (uint32_t k = 0; k < 3; k++)
			bits = bits << 8 | (k < left ? data[i + k] : 0);
		for (uint32_t k = 0; k < 4; k++)
			fputc(k > left ? '=' : digits[bits >> (18 - 6 * k) & 63],
			      to);
	}
}

static void put_picture(FILE *to, const struct diag_picture *p)
{
	png_image png = {
		.version = PNG_IMAGE_VERSION,
		.width = p->width,
		.height = p->height,
		.format = PNG_FORMAT_RGB,
	};
	png_alloc_size_t n = PNG_IMAGE_PNG_SIZE_MAX(png);
	uint8_t *file = malloc(n);

	if (file && png_image_write_to_memory(&png, file, &n, 0, p->rgb, 0,
					      NULL)) {
		fputs("<figure><figcaption>", to);
		put_text(to, p->title);
		fputs("</figcaption><img alt='", to);
		put_text(to, p->title);
		fputs("' src='data:image/png;base64,", to);
		put_base64(to, file, n);
		fputs("'></figure>\n", to);
	}
	free(file);
}

/* --- tables ----------------------------------------------------------------- */

static void put_number(FILE *to, double value)
{
	/* what is left of a difference of equal numbers */
	if (fabs(value) < 1e-9)
		value = 0;
	if (isfinite(value))
		fprintf(to,
			fabs(value) < 1e4 ? "<td class=n>%.4g" :
					    "<td class=n>%.0f",
			value);
	else
		fputs("<td>", to);
}

static void put_check(FILE *to, const struct diag_result *r)
{
	const char *status = diag_status_text(r->status);

	fprintf(to, "<tr><td class=%s>%s<td>%s<td>%s<td>", status, status,
		r->check->id, r->check->title);
	if (!r->faults)
		put_text(to, r->detail);
	for (size_t i = 0; i < r->faults && i < FAULTS; i++) {
		fputs(i ? "<br>" : "", to);
		put_text(to, r->fault[i]);
	}
	if (r->faults > FAULTS)
		fprintf(to, "<br>and %zu more, which the results name",
			r->faults - FAULTS);
	fprintf(to, "<td class=n>%.1f s\n", r->duration);
}

/* Figures that something limits. */
static bool worth(const struct diag_measure *m)
{
	return !isinf(m->lo) || !isinf(m->hi);
}

static void put_measures(FILE *to, const struct diag_result *r)
{
	for (size_t i = 0; i < r->measures; i++) {
		const struct diag_measure *m = &r->measure[i];

		if (!worth(m))
			continue;
		fprintf(to, "<tr><td>%s.%s", r->check->id, m->name);
		put_number(to, m->value);
		fprintf(to, "<td>%s", m->unit);
		put_number(to, m->lo);
		put_number(to, m->hi);
		put_number(to, m->baseline);
		fprintf(to, "<td class=%s>%s\n", diag_status_text(m->status),
			diag_status_text(m->status));
	}
}

static void put_history(FILE *to, const json_t *history)
{
	const json_t *line, *faults, *fault;
	size_t i, k;

	if (!json_array_size(history))
		return;
	fputs("<h2>Earlier diagnoses</h2><table><tr><th>Time<th>Checks<th>Result<th>What was wrong\n",
	      to);
	json_array_foreach (history, i, line) {
		const char *status = string_of(line, "status");

		if (i + EARLIER < json_array_size(history))
			continue;
		fputs("<tr><td class=time>", to);
		put_text(to, string_of(line, "time"));
		fputs("<td>", to);
		put_text(to, string_of(line, "level"));
		fputs("<td class='", to);
		put_text(to, status);
		fputs("'>", to);
		put_text(to, status);
		fputs("<td>", to);
		faults = json_object_get(line, "faults");
		json_array_foreach (faults, k, fault) {
			if (k == EARLIER_FAULTS)
				break;
			fputs(k ? "; " : "", to);
			put_short(to, json_string_value(fault), NAME);
		}
		if (json_array_size(faults) > EARLIER_FAULTS)
			fprintf(to, "; and %zu more",
				json_array_size(faults) - EARLIER_FAULTS);
		fputc('\n', to);
	}
	fputs("</table>\n", to);
}

/* --- the page --------------------------------------------------------------- */

static void put_board(FILE *to, const char *serial)
{
	fputs(*serial ? "number " : "without a number", to);
	put_short(to, serial, NAME);
}

static void put_head(FILE *to, const struct diag_report *report)
{
	const char *status = string_of(report->all, "status");

	fprintf(to, "<!doctype html><html lang=en><meta charset=utf-8><title>Diagnosis of ");
	put_short(to, string_of(report->all, "device"), NAME);
	fprintf(to, "</title><style>%s</style>\n<div class='verdict %s'>%s</div><h1>Diagnosis of ",
		style, status, status);
	put_short(to, string_of(report->all, "device"), NAME);
	fputs("</h1><p>Board ", to);
	put_board(to, string_of(report->all, "serial"));
	fputs(", machine ", to);
	put_short(to, string_of(report->all, "machine"), NAME);
	fputs("; ", to);
	put_text(to, string_of(report->all, "level"));
	fputs(", ", to);
	put_text(to, report->time);
	fputs("</p>\n", to);
}

/* --- over the years --------------------------------------------------------- */

/* What ages, what matters most first; those of which there is a history. */
static const struct {
	const char *check, *name, *title, *unit;
} trends[] = {
	{ "elements", "sensitivity", "Sensitivity, over the diagnoses", "dB" },
	{ "channels", "noise", "Noise, over the diagnoses", "dB re LSB" },
	{ "image", "penetration", "Penetration, over the diagnoses", "mm" },
	{ "sensors", "temperature", "Temperature, over the diagnoses", "deg C" },
};

static const struct diag_measure *find(const struct diag_report *report,
				       const char *check, const char *name)
{
	for (size_t i = 0; i < report->count; i++) {
		const struct diag_result *r = &report->results[i];

		for (size_t k = 0; k < r->measures; k++)
			if (!strcmp(r->check->id, check) &&
			    !strcmp(r->measure[k].name, name))
				return &r->measure[k];
	}
	return NULL;
}

static double earlier(const json_t *line, const char *check, const char *name)
{
	const json_t *of = json_object_get(json_object_get(line, "figures"),
					   check);
	const json_t *value = json_object_get(of, name);

	return json_is_number(value) ? json_number_value(value) : NAN;
}

/* Of the diagnoses that have it. False: there are no two to be compared. */
static bool put_trend(FILE *to, const struct diag_report *report, size_t which)
{
	const char *check = trends[which].check, *name = trends[which].name;
	const struct diag_measure *m = find(report, check, name);
	const size_t n = json_array_size(report->history);
	double *value = calloc(n + 1, sizeof(*value));
	size_t known = 0;

	for (size_t i = 0; value && i < n; i++) {
		value[known] = earlier(json_array_get(report->history, i),
				       check, name);
		known += isfinite(value[known]);
	}
	if (value && m && known) {
		value[known] = m->value;
		diag_svg(to, &(struct diag_plot){
			.title = trends[which].title, .x = "this one is 0",
			.y = trends[which].unit, .n = known + 1, .from = -(double)known,
			.step = 1, .value = value,
			.lo = isinf(m->lo) ? NAN : m->lo,
			.hi = isinf(m->hi) ? NAN : m->hi });
	}
	free(value);
	return m && known;
}

static void put_plots(FILE *to, const struct diag_report *report)
{
	size_t plots = 0, most;

	fputs("<div class=plots>\n", to);
	for (size_t i = 0; i < report->count; i++)
		if (report->results[i].picture.rgb)
			put_picture(to, &report->results[i].picture);
	for (size_t i = 0; i < report->count; i++)
		for (size_t k = 0; k < report->results[i].plots; k++)
			diag_svg(to, &report->results[i].plot[k]);
	for (size_t i = 0; i < report->count; i++)
		plots += report->results[i].plots;
	most = plots < PLOTS ? PLOTS - plots : 0;
	most = most < TRENDS ? most : TRENDS;
	for (size_t i = 0; i < sizeof(trends) / sizeof(*trends) && most; i++)
		most -= put_trend(to, report, i);
	fputs("</div>\n", to);
}

int diag_report_write(FILE *to, const struct diag_report *report)
{
	put_head(to, report);
	fputs("<table><tr><th>Result<th>Check<th>What is checked<th>Found<th class=n>Took\n",
	      to);
	for (size_t i = 0; i < report->count; i++)
		put_check(to, &report->results[i]);
	fputs("</table>\n", to);
	put_plots(to, report);
	fputs("<h2>Figures</h2><div class=figures><table><tr><th>Figure<th class=n>Value<th>Unit<th class=n>From<th class=n>To<th class=n>Baseline<th>\n",
	      to);
	for (size_t i = 0; i < report->count; i++)
		put_measures(to, &report->results[i]);
	fputs("</table></div>\n", to);
	put_history(to, report->history);
	fputs("<footer>sono diag; what passes each check is in its Documentation/diagnostics.rst. Not a medical device.</footer></html>\n",
	      to);
	return ferror(to) ? -EIO : 0;
}
