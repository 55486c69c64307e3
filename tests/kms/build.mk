# SPDX-License-Identifier: GPL-2.0-only OR MIT
# The whole screen: drawn for files, and on a guest's display.

KMS_SONO := $(O)/userspace/tools/sono
KMS_SAME := $(O)/tests/kms/same

$(eval $(call test-program,tests/kms/same,tests/kms/same.c,-lpng))
$(eval $(call test-program,tests/kms/qmp,tests/kms/qmp.c,-ljansson))

$(eval $(call check,screen,$(KMS_SONO) $(KMS_SAME),tests/kms/screen,360))

$(eval $(call check,screen-commands,$(KMS_SONO) $(KMS_SAME),tests/kms/commands,240))

# Only bochs of 7.3 shows pages of ours, the others copy: on the other kernel, the
# other adapter. $(call kms-part,check or soak,DRIVER,KERNEL)
define kms-part
$(call $(1),vm-kms-$(2)-$(3),$(KMS_SONO) $(KMS_SAME) $(O)/tests/kms/qmp \
	$(O)/tests/vm/init,tests/kms/kms $(2) $(3),300)
endef
$(eval $(call kms-part,check,bochs,7.3))
$(eval $(call kms-part,check,virtio,6.12))
$(eval $(call kms-part,soak,bochs,6.12))
$(eval $(call kms-part,soak,virtio,7.3))
