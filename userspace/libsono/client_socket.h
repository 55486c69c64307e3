/* SPDX-License-Identifier: MIT */
#ifndef SONO_CLIENT_SOCKET_H
#define SONO_CLIENT_SOCKET_H

/**
 * client_connect() - to a socket of messages
 * @path: in the file system
 *
 * Return: a descriptor or -errno.
 */
int client_connect(const char *path);

#endif /* SONO_CLIENT_SOCKET_H */
