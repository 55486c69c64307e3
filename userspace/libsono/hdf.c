// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hdf.h"

/* A handle or a status of the library; negative: it has failed. */
static hid_t note(struct hdf *h, hid_t result)
{
	if (result < 0 && !h->failed) {
		h->failed = true;
		h->error = errno;
	}
	return result;
}

int hdf_open(struct hdf *h, const char *path)
{
	hid_t access;
	int n;

	*h = (struct hdf){ .path = path, .file = -1 };
	n = snprintf(h->part, sizeof(h->part), "%s.part", path);
	if (n < 0 || (size_t)n >= sizeof(h->part))
		return -ENAMETOOLONG;
	/* what fails is told by the caller, not printed by the library */
	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
	access = H5Pcreate(H5P_FILE_ACCESS);
	note(h, access);
	/* readers of 2014 and later */
	note(h, H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18));
	errno = 0;
	h->file = note(h, H5Fcreate(h->part, H5F_ACC_TRUNC, H5P_DEFAULT,
				    access));
	H5Pclose(access);
	return h->failed ? hdf_close(h, false) : 0;
}

int hdf_close(struct hdf *h, bool keep)
{
	errno = 0;
	if (h->file >= 0)
		note(h, H5Fclose(h->file));
	if (!h->failed && keep) {
		if (!rename(h->part, h->path))
			return 0;
		h->error = errno;
	}
	unlink(h->part);
	return h->error ? -h->error : -EIO;
}

hid_t hdf_group(struct hdf *h, hid_t in, const char *name)
{
	if (h->failed)
		return -1;
	return note(h, H5Gcreate2(in, name, H5P_DEFAULT, H5P_DEFAULT,
				  H5P_DEFAULT));
}

void hdf_end(struct hdf *h, hid_t group)
{
	if (group >= 0)
		note(h, H5Gclose(group));
}

hid_t hdf_numbers(struct hdf *h, hid_t in, const char *name, hid_t type,
		  hid_t memory, int rank, const hsize_t *dims,
		  const void *data, const hsize_t *chunk)
{
	hid_t space, how, dataset = -1;

	if (h->failed)
		return -1;
	space = note(h, rank ? H5Screate_simple(rank, dims, NULL) :
			       H5Screate(H5S_SCALAR));
	how = note(h, H5Pcreate(H5P_DATASET_CREATE));
	if (chunk)
		note(h, H5Pset_chunk(how, rank, chunk));
	errno = 0;
	if (!h->failed)
		dataset = note(h, H5Dcreate2(in, name, type, space,
					     H5P_DEFAULT, how, H5P_DEFAULT));
	if (!h->failed && data)
		note(h, H5Dwrite(dataset, memory, H5S_ALL, H5S_ALL,
				 H5P_DEFAULT, data));
	if (how >= 0)
		H5Pclose(how);
	if (space >= 0)
		H5Sclose(space);
	return dataset;
}

void hdf_fill(struct hdf *h, hid_t dataset, hid_t memory, int rank,
	      const hsize_t *start, const hsize_t *count, const void *data)
{
	hid_t there, here;

	if (h->failed)
		return;
	there = note(h, H5Dget_space(dataset));
	here = note(h, H5Screate_simple(rank, count, NULL));
	if (!h->failed)
		note(h, H5Sselect_hyperslab(there, H5S_SELECT_SET, start, NULL,
					    count, NULL));
	errno = 0;
	if (!h->failed)
		note(h, H5Dwrite(dataset, memory, here, there, H5P_DEFAULT,
				 data));
	if (here >= 0)
		H5Sclose(here);
	if (there >= 0)
		H5Sclose(there);
}

void hdf_dataset_end(struct hdf *h, hid_t dataset)
{
	if (dataset >= 0)
		note(h, H5Dclose(dataset));
}

/* Strings: of @bytes with their NUL, or H5T_VARIABLE. */
static hid_t string_type(struct hdf *h, size_t bytes)
{
	hid_t type = note(h, H5Tcopy(H5T_C_S1));

	note(h, H5Tset_size(type, bytes));
	if (bytes == H5T_VARIABLE)
		note(h, H5Tset_cset(type, H5T_CSET_UTF8));
	return type;
}

void hdf_text(struct hdf *h, hid_t in, const char *name, const char *text)
{
	hid_t type;

	if (h->failed)
		return;
	type = string_type(h, H5T_VARIABLE);
	hdf_dataset_end(h, hdf_numbers(h, in, name, type, type, 0, NULL, &text,
				       NULL));
	H5Tclose(type);
}

static void put_attr(struct hdf *h, hid_t of, const char *name, hid_t type,
		     hid_t memory, hsize_t n, const void *data)
{
	hid_t space, attr = -1;

	if (h->failed)
		return;
	space = note(h, n ? H5Screate_simple(1, &n, NULL) :
			    H5Screate(H5S_SCALAR));
	if (!h->failed)
		attr = note(h, H5Acreate2(of, name, type, space, H5P_DEFAULT,
					  H5P_DEFAULT));
	if (!h->failed)
		note(h, H5Awrite(attr, memory, data));
	if (attr >= 0)
		H5Aclose(attr);
	if (space >= 0)
		H5Sclose(space);
}

void hdf_attr_text(struct hdf *h, hid_t of, const char *name,
		   const char *text)
{
	hid_t type = string_type(h, H5T_VARIABLE);

	put_attr(h, of, name, type, type, 0, &text);
	H5Tclose(type);
}

void hdf_attr_chars(struct hdf *h, hid_t of, const char *name,
		    const char *text, bool array)
{
	hid_t type = string_type(h, strlen(text));

	note(h, H5Tset_strpad(type, H5T_STR_NULLPAD));
	put_attr(h, of, name, type, type, array, text);
	H5Tclose(type);
}

void hdf_attr_doubles(struct hdf *h, hid_t of, const char *name, int n,
		      const double *values)
{
	put_attr(h, of, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, n, values);
}
