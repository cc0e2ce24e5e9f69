import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * An entry that BookKeeper acknowledged, with the checksum of what was written. A record of them
 * is a text file: a line with the seed and the size of the entries, then a line for each entry.
 */
record Acknowledged(long ledger, long entry, String checksum) {

  /** The content of an entry follows from its place, so that no entry can pass for another. */
  static byte[] content(long seed, int size, long ledger, long entry) {
    byte[] content = new byte[size];
    new SplittableRandom(seed + 31 * ledger + entry).nextBytes(content);
    ByteBuffer.wrap(content).putLong(ledger).putLong(entry);
    return content;
  }

  static Acknowledged of(long ledger, long entry, byte[] content) {
    CRC32C crc = new CRC32C();
    crc.update(content);
    return new Acknowledged(ledger, entry, String.format("%08x", crc.getValue()));
  }

  String line() {
    return ledger + " " + entry + " " + checksum + "\n";
  }

  /** A whole record, by ledger, in the order in which the entries were acknowledged. */
  record Read(long seed, int size, Map<Long, List<Acknowledged>> ledgers) {

    /** Reads a record. Its last line may be torn, if its writer was killed: it did not count yet. */
    static Read from(Path file) throws IOException {
      String text = Files.readString(file);
      String[] lines = text.substring(0, text.lastIndexOf('\n') + 1).split("\n");
      String[] head = lines[0].split(" ");
      Read read = new Read(Long.parseLong(head[0]), Integer.parseInt(head[1]), new TreeMap<>());
      for (String line : Arrays.asList(lines).subList(1, lines.length)) {
        read.add(line);
      }
      return read;
    }

    private void add(String line) throws IOException {
      String[] fields = line.split(" ");
      Acknowledged entry = new Acknowledged(Long.parseLong(fields[0]), Long.parseLong(fields[1]), fields[2]);
      if (!entry.equals(of(entry.ledger, entry.entry, content(entry)))) {
        throw new IOException("the record is damaged: " + line);
      }
      ledgers.computeIfAbsent(entry.ledger, ledger -> new ArrayList<>()).add(entry);
    }

    byte[] content(Acknowledged entry) {
      return Acknowledged.content(seed, size, entry.ledger, entry.entry);
    }

    int entries() {
      return ledgers.values().stream().mapToInt(List::size).sum();
    }
  }
}
