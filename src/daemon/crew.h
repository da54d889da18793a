/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * crew: the threads that libmilter runs on, kept for the next task.
 *
 * libmilter keeps two idle threads, sends any other away as soon as its task is
 * done, and starts a new one for the next: one for every third message, and
 * all that the heap and OpenSSL keep by thread begins anew. So libmilter's
 * pthread_create() and pthread_detach() are these here, as its reading and
 * writing are stream.h's (CMakeLists.txt); what it believes to be a new thread
 * is one that has just become free, and goes for good after CREW_PATIENCE_S
 * without a task.
 *
 * Nobody can wait for the end of such a thread, or cancel it; libmilter does
 * neither. Any thread may call.
 */
#include <pthread.h>

#define CREW_PATIENCE_S 5

/* As pthread_create(), errors as well. */
int crew_create(pthread_t *thread, const pthread_attr_t *attributes,
    void *(*task)(void *), void *arg);
/* They all are: 0. */
int crew_detach(pthread_t thread);
