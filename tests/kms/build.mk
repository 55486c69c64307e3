# SPDX-License-Identifier: GPL-2.0-only OR MIT
# The whole screen: drawn for files, and on a guest's display.

KMS_SONO := $(O)/userspace/tools/sono
KMS_SAME := $(O)/tests/kms/same

$(eval $(call test-program,tests/kms/same,tests/kms/same.c,-lpng))
$(eval $(call test-program,tests/kms/qmp,tests/kms/qmp.c,-ljansson))

$(eval $(call check,screen,$(KMS_SONO) $(KMS_SAME),tests/kms/screen,240))

$(eval $(call check,screen-commands,$(KMS_SONO) $(KMS_SAME),tests/kms/commands,240))

# bochs of 7.3 is the one that shows pages of ours; the others copy.
define kms-part
$(call check,vm-kms-$(1)-$(2),$(KMS_SONO) $(KMS_SAME) $(O)/tests/kms/qmp \
	$(O)/tests/vm/init,tests/kms/kms $(1) $(2),300)
endef
$(foreach d,bochs virtio,$(foreach k,6.12 7.3,$(eval $(call kms-part,$(d),$(k)))))
