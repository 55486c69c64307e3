// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Block devices as sysfs has them, in a folder of our own. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "diag/disk.h"

static char folder[] = "/tmp/disk.XXXXXX";

static void sh(const char *command)
{
	char text[512];

	snprintf(text, sizeof(text), "cd %s && %s", folder, command);
	cr_assert_eq(system(text), 0, "%s", text);
}

static int encrypted(const char *device)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, device);
	return diag_disk_encrypted(path);
}

static void make(void)
{
	cr_assert(mkdtemp(folder));
	sh("mkdir -p sda1 sda2 dm-0/dm dm-0/slaves dm-1/dm dm-1/slaves md0/slaves");
	sh("echo CRYPT-LUKS2-0123-root >dm-0/dm/uuid && ln -s ../../sda2 dm-0/slaves/");
	sh("echo LVM-abcdef >dm-1/dm/uuid && ln -s ../../dm-0 dm-1/slaves/");
	sh("ln -s ../../dm-0 md0/slaves/ && ln -s ../../sda1 md0/slaves/");
}

static void clean(void)
{
	sh("rm -rf \"$PWD\"");
}

TestSuite(disk, .init = make, .fini = clean);

Test(disk, a_partition_is_not)
{
	cr_assert_eq(encrypted("sda1"), 0);
}

Test(disk, luks_is)
{
	cr_assert_eq(encrypted("dm-0"), 1);
}

Test(disk, a_volume_on_luks_is)
{
	cr_assert_eq(encrypted("dm-1"), 1);
}

Test(disk, a_mirror_with_a_plain_half_is_not)
{
	cr_assert_eq(encrypted("md0"), 0);
}

Test(disk, what_is_no_disk_is_not_known)
{
	cr_assert_eq(encrypted("overlay"), -ENOENT);
}
