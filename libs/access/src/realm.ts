/** Realm of every login, RTSP and HTTP alike; part of each stored HA1. */
export const REALM = 'nightjar';
