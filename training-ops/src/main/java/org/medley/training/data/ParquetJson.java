package org.medley.training.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.ListLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.MapLogicalTypeAnnotation;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.Type;

/**
 * Rows of Parquet as JSON: lists as arrays, maps and structs as objects, strings as strings; numbers as they are stored.
 * A field that is null is absent. Conversations may also be a string of JSON.
 *
 * @see <a href="https://github.com/apache/parquet-format/blob/master/LogicalTypes.md">Parquet's logical types</a>
 */
final class ParquetJson {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private ParquetJson() {}

    static ObjectNode object(Group row, GroupType type, Place place) {
        ObjectNode object = struct(row, type, place);
        JsonNode messages = object.path("messages");
        if (messages.isTextual()) {
            object.set("messages", Json.parse(messages.asText(), place, "messages"));
        }
        return object;
    }

    /** About how much memory the object holds. */
    static long size(JsonNode node) {
        if (node.isTextual()) {
            return 48 + 2L * node.textValue().length();
        }
        long size = 48;
        for (JsonNode part : node) {
            size += size(part);
        }
        return size;
    }

    private static ObjectNode struct(Group group, GroupType type, Place place) {
        ObjectNode object = NODES.objectNode();
        for (int field = 0; field < type.getFieldCount(); field++) {
            Type of = type.getType(field);
            int count = group.getFieldRepetitionCount(field);
            if (of.isRepetition(Type.Repetition.REPEATED)) {
                ArrayNode values = object.putArray(of.getName());
                for (int i = 0; i < count; i++) {
                    values.add(value(group, field, i, of, place));
                }
            } else if (count > 0) {
                object.set(of.getName(), value(group, field, 0, of, place));
            }
        }
        return object;
    }

    private static JsonNode value(Group group, int field, int index, Type type, Place place) {
        if (type.isPrimitive()) {
            return primitive(group, field, index, type.asPrimitiveType(), place);
        }
        Group inner = group.getGroup(field, index);
        LogicalTypeAnnotation logical = type.getLogicalTypeAnnotation();
        if (logical instanceof ListLogicalTypeAnnotation) {
            return list(inner, type.asGroupType(), place);
        }
        if (logical instanceof MapLogicalTypeAnnotation) {
            return map(inner, type.asGroupType(), place);
        }
        return struct(inner, type.asGroupType(), place);
    }

    private static ArrayNode list(Group list, GroupType type, Place place) {
        ArrayNode values = NODES.arrayNode();
        Type repeated = type.getType(0);
        boolean wrapped = wrapped(repeated, type);
        for (int i = 0; i < list.getFieldRepetitionCount(0); i++) {
            if (!wrapped) {
                values.add(value(list, 0, i, repeated, place));
                continue;
            }
            Group one = list.getGroup(0, i);
            Type element = repeated.asGroupType().getType(0);
            values.add(one.getFieldRepetitionCount(0) == 0 ? NODES.nullNode() : value(one, 0, 0, element, place));
        }
        return values;
    }

    /** Whether elements lie in a group of their own, as the standard has it, or are the repeated field, as of old. */
    private static boolean wrapped(Type repeated, GroupType list) {
        return !repeated.isPrimitive()
                && repeated.asGroupType().getFieldCount() == 1
                && !repeated.getName().equals("array")
                && !repeated.getName().equals(list.getName() + "_tuple");
    }

    private static ObjectNode map(Group map, GroupType type, Place place) {
        ObjectNode object = NODES.objectNode();
        GroupType entry = type.getType(0).asGroupType();
        for (int i = 0; i < map.getFieldRepetitionCount(0); i++) {
            Group one = map.getGroup(0, i);
            JsonNode key = value(one, 0, 0, entry.getType(0), place);
            boolean absent = entry.getFieldCount() < 2 || one.getFieldRepetitionCount(1) == 0;
            object.set(key.asText(), absent ? NODES.nullNode() : value(one, 1, 0, entry.getType(1), place));
        }
        return object;
    }

    private static JsonNode primitive(Group group, int field, int index, PrimitiveType type, Place place) {
        return switch (type.getPrimitiveTypeName()) {
            case INT32 -> NODES.numberNode(group.getInteger(field, index));
            case INT64 -> NODES.numberNode(group.getLong(field, index));
            case BOOLEAN -> NODES.booleanNode(group.getBoolean(field, index));
            case FLOAT -> NODES.numberNode(group.getFloat(field, index));
            case DOUBLE -> NODES.numberNode(group.getDouble(field, index));
            case BINARY -> text(group.getBinary(field, index), type, place);
            case INT96 -> NODES.binaryNode(group.getInt96(field, index).getBytes());
            case FIXED_LEN_BYTE_ARRAY ->
                NODES.binaryNode(group.getBinary(field, index).getBytes());
        };
    }

    /** Older writers do not say that bytes are text, so that it must be seen. */
    private static JsonNode text(Binary binary, PrimitiveType type, Place place) {
        if (binary.length() > RowReader.MAX_RECORD) {
            throw place.refuse("column \"" + type.getName() + "\" is longer than a record may be, "
                    + RowReader.MAX_RECORD + " bytes; split the record");
        }
        try {
            return NODES.textNode(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(binary.toByteBuffer())
                    .toString());
        } catch (CharacterCodingException e) {
            if (type.getLogicalTypeAnnotation() == null) {
                return NODES.binaryNode(binary.getBytes());
            }
            throw place.refuse("column \"" + type.getName() + "\" is not UTF-8 text", e);
        }
    }
}
