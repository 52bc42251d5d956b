import java.io.*;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.*;
import java.util.function.Function;
import java.util.stream.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.*;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * What Kafka's own client says and does, asked line by line: "partition COUNT KEY…" (keys in hex), "read TOPIC ISOLATION",
 * "records TOPIC ISOLATION", "delete TOPIC PARTITION BEFORE". An answer ends with a line of one point.
 */
public class Truth {
  public static void main(String[] arguments) throws Exception {
    BufferedReader questions = new BufferedReader(new InputStreamReader(System.in));
    PrintStream out = new PrintStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out)), false);
    for (String line; (line = questions.readLine()) != null; ) {
      String[] words = line.split(" ");
      switch (words[0]) {
        case "partition" -> partitions(words, out);
        case "read" -> read(arguments[0], words[1], words[2], Truth::inHex, out);
        case "records" -> read(arguments[0], words[1], words[2], Truth::inJson, out);
        case "delete" -> delete(arguments[0], new TopicPartition(words[1], Integer.parseInt(words[2])), Long.parseLong(words[3]));
        default -> throw new IllegalArgumentException(line);
      }
      out.println(".");
      out.flush();
    }
  }

  static void partitions(String[] words, PrintStream out) {
    for (int at = 2; at < words.length; at++)
      out.println(BuiltInPartitioner.partitionForKey(HexFormat.of().parseHex(words[at]), Integer.parseInt(words[1])));
  }

  static void read(
      String bootstrap, String topic, String isolation, Function<ConsumerRecord<byte[], byte[]>, String> form, PrintStream out) {
    Map<String, Object> settings = Map.of("bootstrap.servers", bootstrap, "isolation.level", isolation);
    ByteArrayDeserializer bytes = new ByteArrayDeserializer();
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings, bytes, bytes)) {
      List<TopicPartition> partitions = new ArrayList<>();
      for (PartitionInfo one : consumer.partitionsFor(topic)) partitions.add(new TopicPartition(topic, one.partition()));
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (partitions.stream().anyMatch(one -> consumer.position(one) < ends.get(one)))
        for (ConsumerRecord<byte[], byte[]> one : consumer.poll(Duration.ofMillis(100))) out.println(form.apply(one));
    }
  }

  static void delete(String bootstrap, TopicPartition partition, long before) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
      admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(before))).all().get();
    }
  }

  static String inHex(ConsumerRecord<byte[], byte[]> one) {
    return one.partition() + " " + one.offset() + " " + hex(one.key()) + " " + hex(one.value());
  }

  static String hex(byte[] bytes) { return bytes == null ? "null" : HexFormat.of().formatHex(bytes); }

  /** Bytes as their text, which they have to be. */
  static String inJson(ConsumerRecord<byte[], byte[]> one) {
    String headers = StreamSupport.stream(one.headers().spliterator(), false)
        .map(header -> "[" + quoted(header.key().getBytes(StandardCharsets.UTF_8)) + "," + quoted(header.value()) + "]")
        .collect(Collectors.joining(","));
    return "{\"partition\":" + one.partition() + ",\"offset\":" + one.offset() + ",\"timestampMs\":" + one.timestamp()
        + ",\"key\":" + quoted(one.key()) + ",\"headers\":[" + headers + "],\"value\":" + quoted(one.value()) + "}";
  }

  static String quoted(byte[] bytes) {
    if (bytes == null) return "null";
    StringBuilder text = new StringBuilder("\"");
    for (char one : new String(bytes, StandardCharsets.UTF_8).toCharArray()) {
      if (one == '"' || one == '\\') text.append('\\').append(one);
      else if (one < ' ' || Character.isSurrogate(one)) text.append(String.format("\\u%04x", (int) one));
      else text.append(one);
    }
    return text.append('"').toString();
  }
}
