// SPDX-License-Identifier: MIT
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sign.h"

struct diag_key {
	EVP_PKEY *pkey;
};

/* A library asks nobody for a passphrase; it only notes that there is one. */
static int no_passphrase(char *buffer, int size, int writing, void *asked)
{
	(void)buffer;
	(void)size;
	(void)writing;
	*(bool *)asked = true;
	return -1;
}

static const char *refusal(const EVP_PKEY *pkey, bool asked)
{
	if (asked)
		return "it has a passphrase";
	if (!pkey)
		return "it is no private key (PEM)";
	if (!EVP_PKEY_is_a(pkey, "ED25519"))
		return "it is no Ed25519 key";
	return NULL;
}

static int read_key(struct diag_key *key, FILE *f, char *why, size_t why_bytes)
{
	bool asked = false;
	const char *reason;

	key->pkey = PEM_read_PrivateKey(f, NULL, no_passphrase, &asked);
	ERR_clear_error();
	reason = refusal(key->pkey, asked);
	if (reason)
		snprintf(why, why_bytes, "%s", reason);
	return reason ? -EINVAL : 0;
}

int diag_key_open(struct diag_key **handle, const char *path, char *why,
		  size_t why_bytes)
{
	FILE *f = fopen(path, "re");
	struct diag_key *key;
	int ret = -errno;

	if (!f) {
		snprintf(why, why_bytes, "%s", strerror(-ret));
		return ret;
	}
	key = calloc(1, sizeof(*key));
	ret = key ? read_key(key, f, why, why_bytes) : -ENOMEM;
	fclose(f);
	if (ret) {
		diag_key_close(key);
		return ret;
	}
	*handle = key;
	return 0;
}

void diag_key_close(struct diag_key *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->pkey);
	free(key);
}

int diag_sign(const struct diag_key *key, const void *message, size_t n,
	      uint8_t *signature)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t bytes = DIAG_SIGNATURE_BYTES;
	const bool done =
		ctx &&
		EVP_DigestSignInit(ctx, NULL, NULL, NULL, key->pkey) == 1 &&
		EVP_DigestSign(ctx, signature, &bytes, message, n) == 1 &&
		bytes == DIAG_SIGNATURE_BYTES;

	EVP_MD_CTX_free(ctx);
	return done ? 0 : -EIO;
}

int diag_sha256(const void *data, size_t n, uint8_t *sum)
{
	return EVP_Digest(data, n, sum, NULL, EVP_sha256(), NULL) == 1 ?
		       0 : -EIO;
}
