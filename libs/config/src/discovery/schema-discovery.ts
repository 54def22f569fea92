import { z } from 'zod';
import { DAY_MS, duration, parsed, text } from '../schema-values.js';
import { adopt } from './schema-adopt.js';
import { cameraEnforce, enforce } from './schema-enforce.js';
import {
  countAddresses,
  MAX_DISCOVERY_ADDRESSES,
  parseDiscoveryHost,
  type DiscoveryHost,
} from './discovery-host.js';

export const discovery = z.strictObject({
  mode: z
    .enum(['multicast', 'unicast', 'both', 'off'])
    .prefault('multicast')
    .describe(
      '`multicast` asks the networks that this machine is in (WS-Discovery) and hears cameras announce themselves. `unicast` asks each of `hosts`: for containers and for networks that multicast does not reach. `off`: nobody is asked, not by command either.',
    ),
  interval: duration({ min: 10_000, max: DAY_MS })
    .prefault('5m')
    .describe('Time between two searches. A camera that three of them in a row miss is gone.'),
  interfaces: z
    .array(text('interface'))
    .min(1)
    .optional()
    .describe('Names of the network interfaces to search, as `eth0`. Absent: all that are up.'),
  hosts: z
    .array(parsed('host', parseDiscoveryHost))
    .max(256)
    .refine(
      (hosts: readonly DiscoveryHost[]) =>
        hosts.reduce((sum, host) => sum + countAddresses(host), 0) <= MAX_DISCOVERY_ADDRESSES,
      `all hosts together are more than ${MAX_DISCOVERY_ADDRESSES} addresses`,
    )
    .prefault([])
    .describe(
      'What the unicast search asks, and nothing else: addresses, networks as `192.168.1.0/24`, names, or the URL of a device service as `http://10.0.0.7:8000/onvif/device_service`.',
    ),
  rate: z
    .int()
    .min(1)
    .max(1_000)
    .prefault(50)
    .describe('Hosts that the unicast search asks per second at most.'),
  adopt: adopt
    .optional()
    .describe('Which devices become cameras by themselves, kept by Nightjar. Absent: none.'),
  enforce: enforce
    .optional()
    .describe(
      'How cameras are to be set that are devices (`cameras.*.onvif`), unless they say otherwise themselves.',
    ),
});

export const cameraOnvif = z.strictObject({
  device: text('device')
    .max(256)
    .describe(
      'Which device in the network the camera is: its endpoint reference (`urn:uuid:...`) or its serial number, as `nightjar discover` shows them.',
    ),
  address: z
    .enum(['fixed', 'by-serial'])
    .prefault('fixed')
    .describe(
      'Whether the URLs of the streams stay as they are, or follow the device to the address where it was found last; ports and paths stay.',
    ),
  events: z
    .boolean()
    .prefault(true)
    .describe('Whether events of the camera (motion, tampering, inputs, analytics) are taken.'),
  passwordText: z
    .boolean()
    .prefault(false)
    .describe(
      'Whether a camera that takes no other login may be sent the password itself. Whoever listens on the network learns it.',
    ),
  allowHosts: z
    .array(text('host'))
    .max(16)
    .prefault([])
    .describe(
      'Other hosts that the camera may name for its services and pictures. What it names at any other is asked of the camera itself.',
    ),
  enforce: cameraEnforce
    .optional()
    .describe('How the camera is to be set; what is absent is taken from `discovery.enforce`.'),
});
