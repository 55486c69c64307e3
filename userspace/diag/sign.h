/* SPDX-License-Identifier: MIT */
/* Signatures of files: Ed25519, as "openssl pkeyutl -rawin" checks them. */
#ifndef DIAG_SIGN_H
#define DIAG_SIGN_H

#include <stddef.h>
#include <stdint.h>

#define DIAG_SIGNATURE_BYTES 64
#define DIAG_SHA256_BYTES 32

struct diag_key;

/**
 * diag_key_open() - a private key
 * @key: end with diag_key_close()
 * @path: of a PEM file; one with a passphrase is refused
 * @why: reason, for whoever gave @path
 * @why_bytes: its size
 *
 * Return: 0; -errno of reading; -EINVAL where it is no such key.
 */
int diag_key_open(struct diag_key **key, const char *path, char *why,
		  size_t why_bytes);

/** diag_key_close() - NULL is fine */
void diag_key_close(struct diag_key *key);

/**
 * diag_sign() - the signature of a message
 * @key: of whoever signs
 * @message: what is signed
 * @n: bytes of it
 * @signature: DIAG_SIGNATURE_BYTES, written
 *
 * Return: 0, or -EIO where the library cannot.
 */
int diag_sign(const struct diag_key *key, const void *message, size_t n,
	      uint8_t *signature);

/** diag_sha256() - of @n bytes to DIAG_SHA256_BYTES; Return: 0, or -EIO */
int diag_sha256(const void *data, size_t n, uint8_t *sum);

#endif /* DIAG_SIGN_H */
