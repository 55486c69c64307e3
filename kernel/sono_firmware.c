// SPDX-License-Identifier: GPL-2.0-only
/*
 * An image goes to the board as it is: the board alone judges it, and runs it
 * from its next boot, which is that of the next probe. Until the board has
 * taken it, whatever happens leaves the present firmware in place.
 */
#include <linux/dma-mapping.h>
#include <linux/firmware.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "sono_drv.h"
#include "sono_firmware.h"
#include "sono_hw.h"
#include "sono_recover.h"

#define SONO_FW_BLOCK SZ_64K

/**
 * struct sono_firmware - uploads to one board, one at a time
 * @sd: the board
 * @upload: registered
 * @block: what the board reads next; of an upload
 * @addr: its bus address
 * @cancel: somebody does not want it any more; written by any thread
 */
struct sono_firmware {
	struct sono_device *sd;
	struct fw_upload *upload;
	void *block;
	dma_addr_t addr;
	bool cancel;
};

static const struct {
	const char *what;
	enum fw_upload_err err;
} answers[SONO_FW_ERRORS] = {
	[SONO_FW_OK] = { "taken", FW_UPLOAD_ERR_NONE },
	[SONO_FW_E_STATE] = { "not now", FW_UPLOAD_ERR_BUSY },
	[SONO_FW_E_DMA] = { "could not be read", FW_UPLOAD_ERR_RW_ERROR },
	[SONO_FW_E_RANGE] = { "too long", FW_UPLOAD_ERR_INVALID_SIZE },
	[SONO_FW_E_FLASH] = { "flash is broken", FW_UPLOAD_ERR_HW_ERROR },
	[SONO_FW_E_HEADER] = { "bad header", FW_UPLOAD_ERR_FW_INVALID },
	[SONO_FW_E_CRC] = { "bad CRC", FW_UPLOAD_ERR_FW_INVALID },
	[SONO_FW_E_SIGNATURE] = { "bad signature", FW_UPLOAD_ERR_FW_INVALID },
	[SONO_FW_E_BOARD] = { "for another board", FW_UPLOAD_ERR_FW_INVALID },
	[SONO_FW_E_OLD] = { "too old", FW_UPLOAD_ERR_FW_INVALID },
};

static enum fw_upload_err answer(struct sono_device *sd, u32 code)
{
	code = min_t(u32, code, SONO_FW_ERRORS - 1);
	if (code)
		dev_err(&sd->pdev->dev, "firmware: %s\n", answers[code].what);
	return answers[code].err;
}

/* Have the board do it, and wait until it has. */
static enum fw_upload_err command(struct sono_firmware *fw, u32 number)
{
	struct sono_device *sd = fw->sd;
	u32 code = SONO_FW_OK;
	int ret;

	lockdep_assert_held(&sd->lock);
	if (sd->gone || READ_ONCE(sd->away))
		return FW_UPLOAD_ERR_HW_ERROR;
	ret = sono_hw_flash(sd, number, &fw->cancel, &code);
	trace_sono_flash(&sd->dev, number, ret, code);
	if (!ret)
		sono_hw_flash_look(sd);
	switch (ret) {
	case 0:
		return answer(sd, code);
	case -ECANCELED:
		return FW_UPLOAD_ERR_CANCELED;
	case -ETIMEDOUT:
		return FW_UPLOAD_ERR_TIMEOUT;
	default:
		return FW_UPLOAD_ERR_HW_ERROR;
	}
}

/* The board is awake, and from now on nobody starts it. */
static enum fw_upload_err begin_locked(struct sono_firmware *fw)
{
	struct sono_device *sd = fw->sd;
	enum fw_upload_err err;

	lockdep_assert_held(&sd->lock);
	if (sd->active)
		return FW_UPLOAD_ERR_BUSY;
	if (!sd->gone && !READ_ONCE(sd->away) && sono_hw_regain(sd))
		return FW_UPLOAD_ERR_HW_ERROR;
	err = command(fw, SONO_FW_BEGIN);
	WRITE_ONCE(sd->updating, err == FW_UPLOAD_ERR_NONE);
	if (err == FW_UPLOAD_ERR_CANCELED || err == FW_UPLOAD_ERR_TIMEOUT)
		sono_hw_flash_abort(sd);
	return err;
}

static enum fw_upload_err fw_begin(struct sono_firmware *fw)
{
	struct sono_device *sd = fw->sd;
	enum fw_upload_err err;

	if (sono_recover_wake(sd))
		return FW_UPLOAD_ERR_HW_ERROR;
	mutex_lock(&sd->lock);
	err = begin_locked(fw);
	mutex_unlock(&sd->lock);
	if (err != FW_UPLOAD_ERR_NONE)
		sono_recover_rest(sd);
	return err;
}

static bool size_possible(struct sono_device *sd, u32 size)
{
	return size >= sizeof(struct sono_fw_header) + SONO_FW_SIGNATURE_BYTES &&
	       size <= sd->bank_bytes && size % 4 == 0;
}

static enum fw_upload_err fw_prepare(struct fw_upload *upload, const u8 *data,
				     u32 size)
{
	struct sono_firmware *fw = upload->dd_handle;
	struct device *dev = &fw->sd->pdev->dev;
	enum fw_upload_err err;

	WRITE_ONCE(fw->cancel, false);
	if (!size_possible(fw->sd, size))
		return FW_UPLOAD_ERR_INVALID_SIZE;
	fw->block = dma_alloc_coherent(dev, SONO_FW_BLOCK, &fw->addr,
				       GFP_KERNEL);
	if (!fw->block)
		return FW_UPLOAD_ERR_RW_ERROR;
	err = fw_begin(fw);
	if (err != FW_UPLOAD_ERR_NONE)
		dma_free_coherent(dev, SONO_FW_BLOCK, fw->block, fw->addr);
	return err;
}

static enum fw_upload_err write_locked(struct sono_firmware *fw, u32 offset,
				       u32 bytes)
{
	struct sono_device *sd = fw->sd;

	lockdep_assert_held(&sd->lock);
	if (sd->gone || READ_ONCE(sd->away))
		return FW_UPLOAD_ERR_HW_ERROR;
	sono_hw_flash_block(sd, fw->addr, offset, bytes);
	return command(fw, SONO_FW_WRITE);
}

static enum fw_upload_err fw_write(struct fw_upload *upload, const u8 *data,
				   u32 offset, u32 size, u32 *written)
{
	struct sono_firmware *fw = upload->dd_handle;
	u32 bytes = min_t(u32, size, SONO_FW_BLOCK);
	enum fw_upload_err err;

	memcpy(fw->block, data + offset, bytes);
	mutex_lock(&fw->sd->lock);
	err = write_locked(fw, offset, bytes);
	mutex_unlock(&fw->sd->lock);
	if (err == FW_UPLOAD_ERR_NONE)
		*written = bytes;
	return err;
}

static enum fw_upload_err fw_poll_complete(struct fw_upload *upload)
{
	struct sono_firmware *fw = upload->dd_handle;
	enum fw_upload_err err;

	mutex_lock(&fw->sd->lock);
	err = command(fw, SONO_FW_COMMIT);
	mutex_unlock(&fw->sd->lock);
	if (err == FW_UPLOAD_ERR_NONE)
		dev_info(&fw->sd->pdev->dev,
			 "firmware: runs when the driver is bound again\n");
	return err;
}

static void fw_cancel(struct fw_upload *upload)
{
	struct sono_firmware *fw = upload->dd_handle;

	WRITE_ONCE(fw->cancel, true);
	wake_up(&fw->sd->ctl_wait);
}

/* After an upload that was committed there is nothing left to abort. */
static void fw_cleanup(struct fw_upload *upload)
{
	struct sono_firmware *fw = upload->dd_handle;
	struct sono_device *sd = fw->sd;

	mutex_lock(&sd->lock);
	if (!sd->gone && !READ_ONCE(sd->away))
		sono_hw_flash_abort(sd);
	WRITE_ONCE(sd->updating, false);
	mutex_unlock(&sd->lock);
	dma_free_coherent(&sd->pdev->dev, SONO_FW_BLOCK, fw->block, fw->addr);
	sono_recover_rest(sd);
}

static const struct fw_upload_ops ops = {
	.prepare = fw_prepare,
	.write = fw_write,
	.poll_complete = fw_poll_complete,
	.cancel = fw_cancel,
	.cleanup = fw_cleanup,
};

/**
 * sono_firmware_register() - take images, if the board has flash for them
 * @sd: device, identified and named
 *
 * Return: 0 or -errno.
 */
int sono_firmware_register(struct sono_device *sd)
{
	struct sono_firmware *fw;
	int ret;

	if (!IS_ENABLED(CONFIG_FW_UPLOAD) ||
	    !(sd->info.hw_features & SONO_FEAT_FLASH))
		return 0;
	fw = kzalloc(sizeof(*fw), GFP_KERNEL);
	if (!fw)
		return -ENOMEM;
	fw->sd = sd;
	/* The module is held by nothing: to unregister is enough. */
	fw->upload = firmware_upload_register(NULL, &sd->pdev->dev,
					      dev_name(&sd->dev), &ops, fw);
	if (IS_ERR(fw->upload)) {
		ret = PTR_ERR(fw->upload);
		kfree(fw);
		return ret;
	}
	sd->firmware = fw;
	return 0;
}

/** sono_firmware_unregister() - cancels an upload, and waits for its end */
void sono_firmware_unregister(struct sono_device *sd)
{
	if (!sd->firmware)
		return;
	firmware_upload_unregister(sd->firmware->upload);
	kfree(sd->firmware);
	sd->firmware = NULL;
}
