/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * signals: HUP and USR1 ask for a reload, TERM and INT for the end. They come
 * to the main thread alone, by a pipe it can wait for.
 */
#include <stdbool.h>

enum wish { WISH_NOTHING, WISH_RELOAD, WISH_STOP };

/* Once, before any thread. False: errno says why. */
bool signals_open(void);

/*
 * Around the start of other threads: blocked, so that they inherit the mask;
 * then unblocked here. Linux gives a process signal to the main thread first
 * whenever that thread accepts it, so libmilter's own signal thread, which
 * would take HUP for "stop", never sees one.
 */
void signals_block(void);
void signals_accept(void);

/* Sleep until a signal, signals_wake() or this time has passed. */
void signals_wait(int ms);

/* From any thread: end a wait. */
void signals_wake(void);

/* What was asked for since the last call; the end outweighs a reload. */
enum wish signals_wish(void);
