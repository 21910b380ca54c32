#include "ws/ws_life.h"

#include <assert.h>
#include <stdio.h>

static bool state_may_follow(enum ws_state from, enum ws_state to)
{
	switch (from) {
	case WS_CONNECTING:
		return to == WS_OPEN || to == WS_KILLED || to == WS_GONE;
	case WS_OPEN:
		return to != WS_CONNECTING && to != WS_OPEN;
	case WS_PEER_CLOSING:
	case WS_CLOSING:
		return to == WS_ENDING || to == WS_KILLED || to == WS_GONE;
	case WS_ENDING:
	case WS_KILLED:
		return to == WS_KILLED || to == WS_GONE;
	case WS_GONE:
		return false;
	}
	return false;
}

static bool told_may_follow(enum ws_told from, enum ws_told to)
{
	switch (from) {
	case WS_TOLD_NOTHING:
		return to == WS_TOLD_OPENING || to == WS_TOLD_CLOSED;
	case WS_TOLD_OPENING:
		return to == WS_TOLD_OPENED || to == WS_TOLD_CLOSED;
	case WS_TOLD_OPENED:
	case WS_TOLD_CLOSED:
		return to == WS_TOLD_CLOSED;
	}
	return false;
}

void ws_life_become(struct ws_life *life, enum ws_state state)
{
	assert(state_may_follow(life->state, state));
	life->state = state;
}

void ws_life_tell(struct ws_life *life, enum ws_told told)
{
	assert(told_may_follow(life->told, told));
	life->told = told;
}

bool ws_life_is_live(const struct ws_life *life)
{
	return life->state == WS_OPEN || life->state == WS_PEER_CLOSING;
}

void ws_life_note_end(struct ws_life *life, unsigned code, const char *reason)
{
	if (life->code == 0) {
		life->code = code;
		snprintf(life->reason, sizeof(life->reason), "%s", reason);
	}
}
