/** How a person names a model server, wherever one is named: flags, settings, a policy, the screen. */
import { parseEndpointUrl } from "@cloister/backend";
import { CloisterError } from "@cloister/base";
import { chatProtocol, messagesProtocol, responsesProtocol, type Protocol } from "@cloister/wire";

/** `[NAME=][chat+|responses+|messages+]URL` */
export interface EndpointAddress {
  readonly name: string | undefined;
  /** Undefined: nobody said what it speaks. */
  readonly protocol: Protocol | undefined;
  readonly url: URL;
}

const protocols: Readonly<Record<string, Protocol>> = {
  chat: chatProtocol,
  messages: messagesProtocol,
  responses: responsesProtocol,
};

/** @throws CloisterError `bad-endpoint-url`, `endpoint-url-credentials` */
export function parseEndpoint(text: string): EndpointAddress {
  const [, name, shape, address = ""] =
    /^(?:([\w.-]+)=)?(?:([\w-]+)\+(?=https?:))?(.*)$/s.exec(text.trim()) ?? [];
  const protocol = shape !== undefined && Object.hasOwn(protocols, shape) ? protocols[shape] : undefined;
  if (shape !== undefined && protocol === undefined) {
    throw new CloisterError(`there is no protocol "${shape}"`, {
      code: "bad-endpoint-url",
      next: "write chat+, responses+ or messages+ before the URL, or nothing for chat",
    });
  }
  return { name, protocol, url: parseEndpointUrl(address) };
}

/** What `parseEndpoint` reads: Chat needs no saying. */
export function formatEndpoint({
  protocol,
  url,
}: {
  readonly protocol: Protocol | undefined;
  readonly url: string;
}): string {
  return protocol === undefined || protocol === chatProtocol ? url : `${protocol.name}+${url}`;
}
