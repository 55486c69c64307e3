/* SPDX-License-Identifier: MIT */
/*
 * Writing HDF5, step after step: once one has failed the others do nothing, so
 * that only the end is to be looked at. What is written lies in a file beside
 * the one wanted until hdf_close() gives it its name.
 */
#ifndef SONO_HDF_H
#define SONO_HDF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hdf5.h>

/**
 * struct hdf - a file that is written
 * @file: it, the root group
 * @path: that it is to have
 * @part: that it has
 * @failed: a step has failed
 * @error: the errno that was there when the first failed, or 0
 */
struct hdf {
	hid_t file;
	const char *path;
	char part[4096];
	bool failed;
	int error;
};

/** hdf_open() - begin a file; Return: 0 or -errno. */
int hdf_open(struct hdf *h, const char *path);

/**
 * hdf_close() - end it
 * @h: a file
 * @keep: it is complete, so far as the caller is concerned
 *
 * Return: 0; -errno or -EIO where a step has failed or @keep is false, and no
 * file is left then.
 */
int hdf_close(struct hdf *h, bool keep);

/** hdf_group() - a new group; end with hdf_end() */
hid_t hdf_group(struct hdf *h, hid_t in, const char *name);
void hdf_end(struct hdf *h, hid_t group);

/**
 * hdf_numbers() - a dataset
 * @h: a file
 * @in: group
 * @name: of the dataset
 * @type: in the file
 * @memory: of @data
 * @rank: of it; 0: a scalar
 * @dims: [rank]
 * @data: all of it, or NULL: hdf_fill() writes it
 * @chunk: [rank], or NULL: in one piece
 *
 * Return: the dataset, to be ended by hdf_dataset_end().
 */
hid_t hdf_numbers(struct hdf *h, hid_t in, const char *name, hid_t type,
		  hid_t memory, int rank, const hsize_t *dims,
		  const void *data, const hsize_t *chunk);

/** hdf_fill() - a block of a dataset, in C order */
void hdf_fill(struct hdf *h, hid_t dataset, hid_t memory, int rank,
	      const hsize_t *start, const hsize_t *count, const void *data);

void hdf_dataset_end(struct hdf *h, hid_t dataset);

/** hdf_text() - a dataset with one string of variable length, UTF-8 */
void hdf_text(struct hdf *h, hid_t in, const char *name, const char *text);

/** hdf_attr_text() - a string of variable length, UTF-8, as an attribute */
void hdf_attr_text(struct hdf *h, hid_t of, const char *name,
		   const char *text);

/**
 * hdf_attr_chars() - a string of fixed length as an attribute
 * @array: of one element rather than a scalar
 */
void hdf_attr_chars(struct hdf *h, hid_t of, const char *name,
		    const char *text, bool array);

/** hdf_attr_doubles() - @n numbers as an attribute */
void hdf_attr_doubles(struct hdf *h, hid_t of, const char *name, int n,
		      const double *values);

#endif /* SONO_HDF_H */
