import { formatBytes } from "@cloister/base";
import type { EndpointExposure, ExposureReport, FileExposure } from "@cloister/ledger";
import { visible, type Paint } from "./style.ts";

/** The report as a table: per endpoint, which lines of which files it has been shown, and what was sealed. */
export function formatExposure(report: ExposureReport, paint: Paint): string {
  if (report.endpoints.length === 0) return "Nothing has been shown to any model.\n";
  const strange =
    report.malformed === 0
      ? ""
      : `${report.malformed} entries could not be understood; look at them with: cloister ledger show\n`;
  return report.endpoints.map((endpoint) => formatEndpoint(endpoint, paint)).join("\n") + strange;
}

function formatEndpoint(endpoint: EndpointExposure, paint: Paint): string {
  const outcomes = tally(endpoint.outcomes);
  const others = Object.entries(endpoint.sources)
    .filter(([source]) => source !== "file")
    .map(([source, { bytes }]) => `${source} ${formatBytes(bytes)}`);
  const withheld = Object.entries(endpoint.withheld).filter(([, { parts }]) => parts > 0);
  const width = Math.max(4, ...endpoint.files.map(({ path }) => path.length));
  return [
    `${paint("bold", endpoint.url)}  ${paint("dim", `operated by ${endpoint.operator}, cleared for ${endpoint.clearance}`)}`,
    `  ${endpoint.requests} requests (${outcomes}), ${formatBytes(endpoint.bytes)} shown, ${endpoint.first} to ${endpoint.last}`,
    ...endpoint.files.map((file) => formatFile(file, width, paint)),
    ...(others.length === 0 ? [] : [`  ${paint("dim", `besides files: ${others.join(", ")}`)}`]),
    `  sealed: ${paint("yellow", tally(endpoint.sealed) || "nothing")}`,
    ...withheld.map(
      ([why, { parts, bytes }]) =>
        `  ${paint("red", `${parts} parts (${formatBytes(bytes)}) cannot be named: ${why}`)}`,
    ),
    "",
  ].join("\n");
}

function formatFile(file: FileExposure, width: number, paint: Paint): string {
  const lines = file.ranges.map(({ from, to }) => (from === to ? `${from}` : `${from}–${to}`)).join(", ");
  const sealed = tally(file.sealed);
  return (
    `  ${paint("cyan", visible(file.path).padEnd(width))}  lines ${lines.padEnd(10)}  ` +
    `${formatBytes(file.bytes + file.bytesShared).padStart(8)}  ${file.shown}×` +
    (sealed === "" ? "" : paint("yellow", `  sealed: ${sealed}`))
  );
}

function tally(counts: Readonly<Record<string, number>>): string {
  const seen = Object.entries(counts).filter(([, count]) => count > 0);
  return seen.map(([name, count]) => `${count} ${name}`).join(", ");
}
