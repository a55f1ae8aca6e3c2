import type { Service } from '../runtime/service.ts'
import { any } from './any/any.ts'
import { http } from './http/http.ts'
import { memcached } from './memcached/memcached.ts'
import { redis } from './redis/redis.ts'
import { ssh } from './ssh/ssh.ts'
import { telnet } from './telnet/telnet.ts'

/** Every protocol that the sensor speaks. A new one is a folder beside these and a line here. */
export const services: readonly Service[] = [ssh, telnet, http, redis, memcached, any]
