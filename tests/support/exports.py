"""Onboarding exports: the two complete ones of real platforms, and small ones made of protos."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from shared.blueprints.connections import Connections
from shared.blueprints.folders import Export
from shared.blueprints.generating import ExportOptions, export_of
from shared.blueprints.protos.reading import read_proto

OPTIONS: Final = ExportOptions(pipeline_id="fixed", creation_date="2025-09-03 12:30:53.864887")


def _node(name: str, operation: str, link: tuple[str, str] | None) -> dict[str, Any]:
    image = name.removesuffix("1").replace("_", "-")
    service = name.removesuffix("1")
    to = [{"container_name": link[0], "operation_signature": {"operation_name": link[1]}}] if link else []
    return {
        "proto_uri": f"org/acumos/{service}/1.0.0/{name}.proto",
        "image": f"localhost:5000/{image}:latest",
        "node_type": "MLModel",
        "container_name": name,
        "operation_signature_list": [
            {
                "connected_to": to,
                "operation_signature": {
                    "operation_name": operation,
                    "output_message_name": f"{operation}Response",
                    "input_message_name": f"{operation}Request",
                    "output_message_stream": False,
                    "input_message_stream": False,
                },
            }
        ],
    }


AI_EFFECT: Final[dict[str, Any]] = {
    "nodes": [
        _node("data_analyzer1", "AnalyzeData", ("report_generator1", "GenerateReport")),
        _node("report_generator1", "GenerateReport", None),
        _node("data_generator1", "GenerateData", ("data_analyzer1", "AnalyzeData")),
    ],
    "name": "Use Case Example 1",
    "pipeline_id": "c5e8a304-bea9-4964-a295-11add8ee841a",
    "creation_date": "2025-09-03 12:30:53.864887",
    "type": "pipeline-topology/v2",
    "version": "2.0",
}
AI_EFFECT_DOCKER: Final[dict[str, Any]] = {
    "docker_image_list": [
        {"container_name": "data_analyzer1", "image_name": "localhost:5000/data-analyzer:latest"},
        {"container_name": "report_generator1", "image_name": "localhost:5000/report-generator:latest"},
        {"container_name": "data_generator1", "image_name": "localhost:5000/data-generator:latest"},
    ]
}
AI_EFFECT_PROTOS: Final = {
    "data_generator1": """syntax = "proto3";
package data_generator;
service DataGeneratorService { rpc GenerateData(GenerateDataRequest) returns (GenerateDataResponse); }
message GenerateDataRequest { int32 num_records = 1; string output_format = 2; }
message GenerateDataResponse { bool success = 1; string message = 2; int32 records_generated = 3; }
""",
    "data_analyzer1": """syntax = "proto3";
package data_analyzer;
service DataAnalyzerService { rpc AnalyzeData(AnalyzeDataRequest) returns (AnalyzeDataResponse); }
message AnalyzeDataRequest { string input_file_path = 1; float anomaly_threshold = 2; }
message AnalyzeDataResponse {
  bool success = 1; string message = 2; int32 total_records = 3; int32 anomalies_detected = 4;
  float average_efficiency = 5;
}
""",
    "report_generator1": """syntax = "proto3";
package report_generator;
service ReportGeneratorService { rpc GenerateReport(GenerateReportRequest) returns (GenerateReportResponse); }
message GenerateReportRequest { string analyzed_data_path = 1; string report_format = 2; }
message GenerateReportResponse {
  bool success = 1; string message = 2; string report_path = 3; string report_summary = 4;
}
""",
}
AI4EU: Final[dict[str, Any]] = {
    "name": "simplepipeline",
    "version": "v1",
    "input_ports": [
        {"container_name": "csvdatabroker1", "operation_signature": {"operation_name": "get_next_row"}}
    ],
    "nodes": [
        {
            "container_name": "csvdatabroker1",
            "node_type": "MLModel",
            "image": "https://cicd.ai4eu-dev.eu:7444/csvdatabroker:v2",
            "proto_uri": "org/acumos/909144f1-59a2-42b8-91cf-4b419fe126b2/csvdatabroker/1.0.1/"
            "csvdatabroker-1.0.1.proto",
            "operation_signature_list": [
                {
                    "operation_signature": {
                        "operation_name": "get_next_row",
                        "input_message_name": "Empty",
                        "output_message_name": "Features",
                    },
                    "connected_to": [
                        {
                            "container_name": "houseprice1",
                            "operation_signature": {"operation_name": "predict_sale_price"},
                        }
                    ],
                }
            ],
        },
        {
            "container_name": "houseprice1",
            "node_type": "MLModel",
            "image": "https://cicd.ai4eu-dev.eu:7444/houseprice:v1",
            "proto_uri": "org/acumos/c6bc5abe-6422-47e9-9dcf-c01c1cbb7c48/houseprice/1.0.0/"
            "houseprice-1.0.0.proto",
            "operation_signature_list": [
                {
                    "operation_signature": {
                        "operation_name": "predict_sale_price",
                        "input_message_name": "Features",
                        "output_message_name": "Prediction",
                    },
                    "connected_to": [],
                }
            ],
        },
    ],
    "probeIndicator": [{"value": "false"}],
}
AI4EU_DOCKER: Final[dict[str, Any]] = {
    "docker_info_list": [
        {"container_name": "csvdatabroker1", "ip_address": "172.17.0.1", "port": "50080"},
        {"container_name": "houseprice1", "ip_address": "172.17.0.1", "port": "50081"},
        {"container_name": "modelconnector", "ip_address": "modelconnector", "port": "8555"},
    ]
}
_FEATURES: Final = """message Features {
  float MSSubClass = 1;
  float LotArea = 2;
}
"""
AI4EU_PROTOS: Final = {
    "csvdatabroker1": f"""syntax = "proto3";

{_FEATURES}
message Empty {{
}}

service get_next_row {{
  rpc get_next_row(Empty) returns(Features);
}}
""",
    "houseprice1": f"""syntax = "proto3";

{_FEATURES}
message Prediction {{
  float salePrice = 1;
}}

service Predict {{
  rpc predict_sale_price(Features) returns(Prediction);
}}
""",
}


def write_export(
    folder: Path, blueprint: Mapping[str, Any], dockerinfo: Mapping[str, Any], protos: Mapping[str, str]
) -> Path:
    (folder / "microservice").mkdir(parents=True)
    (folder / "blueprint.json").write_text(json.dumps(blueprint))
    (folder / "dockerinfo.json").write_text(json.dumps(dockerinfo))
    for name, text in protos.items():
        (folder / "microservice" / f"{name}.proto").write_text(text)
    return folder


def small_export(protos: Mapping[str, str], links: Sequence[str], **options: Any) -> Export:
    """An export of services, whose links are written `one.Rpc -> other.Rpc`."""
    said = []
    for link in links:
        ends = [end.strip().split(".") for end in link.split("->")]
        (one, rpc), (other, other_rpc) = ends
        said.append({"from_service": one, "from_method": rpc, "to_service": other, "to_method": other_rpc})
    connections = Connections.model_validate({"pipeline": {"name": "Small", "connections": said}})
    found = {name: read_proto(text.encode(), f"{name}.proto") for name, text in protos.items()}
    return export_of("Small", found, connections, OPTIONS.model_copy(update=options))
