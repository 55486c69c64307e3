// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <errno.h>
#include <openssl/evp.h>

#include "signature.h"
#include "sono_regs.h"

/* TEST KEY, for emulated boards only. */
static const uint8_t test_key[32] = "sonoring emulated board test key";

static EVP_PKEY *key_load(void)
{
	return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, test_key,
					    sizeof(test_key));
}

static bool verify(EVP_MD_CTX *ctx, EVP_PKEY *key, const void *message,
		   size_t n, const uint8_t *signature)
{
	return EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
	       EVP_DigestVerify(ctx, signature, SONO_FW_SIGNATURE_BYTES,
				message, n) == 1;
}

bool signature_good(const void *message, size_t n, const uint8_t *signature)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY *key = key_load();
	bool good = ctx && key && verify(ctx, key, message, n, signature);

	EVP_PKEY_free(key);
	EVP_MD_CTX_free(ctx);
	return good;
}

static bool sign(EVP_MD_CTX *ctx, EVP_PKEY *key, const void *message, size_t n,
		 uint8_t *signature)
{
	size_t bytes = SONO_FW_SIGNATURE_BYTES;

	return EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
	       EVP_DigestSign(ctx, signature, &bytes, message, n) == 1 &&
	       bytes == SONO_FW_SIGNATURE_BYTES;
}

int signature_make(const void *message, size_t n, uint8_t *signature)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY *key = key_load();
	bool done = ctx && key && sign(ctx, key, message, n, signature);

	EVP_PKEY_free(key);
	EVP_MD_CTX_free(ctx);
	return done ? 0 : -EIO;
}
