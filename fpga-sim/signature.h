/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Signatures of firmware images: Ed25519. The key is a TEST KEY: it is public,
 * and good for emulated boards alone. A real board has another one's half.
 */
#ifndef SIM_SIGNATURE_H
#define SIM_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** signature_good() - a sim_verify_fn: was it made with the test key? */
bool signature_good(const void *message, size_t n, const uint8_t *signature);

/**
 * signature_make() - sign with the test key
 * @message: what is to be signed
 * @n: its length [bytes]
 * @signature: SONO_FW_SIGNATURE_BYTES for the result
 *
 * Return: 0, or -EIO if the library cannot.
 */
int signature_make(const void *message, size_t n, uint8_t *signature);

#endif /* SIM_SIGNATURE_H */
