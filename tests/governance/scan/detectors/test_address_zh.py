"""Chinese addresses are found whole, with nothing of what stands before or behind."""

import time

import pytest

from governance.scan.detectors.address_zh import addresses_in


def strong(text):
    return {text[start:end] for start, end, score in addresses_in(text) if score >= 50}


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("联系人张伟住在北京市海淀区中关村大街1号院2号楼301室,电话", "北京市海淀区中关村大街1号院2号楼301室"),
        ("送去旺角彌敦道123號8樓B室", "旺角彌敦道123號8樓B室"),
        ("旺角彌敦道123號 8樓B室", "旺角彌敦道123號 8樓B室"),
        ("我在台北市信義區信義路五段7號", "台北市信義區信義路五段7號"),
        ("地址台北市信義區信義路五段7號12樓之3", "台北市信義區信義路五段7號12樓之3"),
        ("寄到中山路88号,谢谢", "中山路88号"),
        ("收货地址:朝阳区建国路88号SOHO现代城B座1204,张三收", "朝阳区建国路88号SOHO现代城B座1204"),
        ("他住在幸福小区3号楼2单元501室", "幸福小区3号楼2单元501室"),
        ("湖南省长沙市宁乡县花明楼镇炭子冲村三组12号", "湖南省长沙市宁乡县花明楼镇炭子冲村三组12号"),
        ("新界沙田正街18號新城市廣場1座12樓A室", "新界沙田正街18號新城市廣場1座12樓A室"),
        ("澳門新馬路123號2樓A", "澳門新馬路123號2樓A"),
        ("王五住朝阳门外大街甲6号万通中心C座802", "朝阳门外大街甲6号万通中心C座802"),
        ("在哪? 北京路一百二十三号四楼", "北京路一百二十三号四楼"),
        ("上海市徐汇区漕溪北路1200号12号楼1203室,手机13800138000", "上海市徐汇区漕溪北路1200号12号楼1203室"),
        ("新北市板橋區文化路一段188巷12弄3號5樓", "新北市板橋區文化路一段188巷12弄3號5樓"),
        ("台南市東區大學路1號電機系", "台南市東區大學路1號"),
        ("深圳市福田区会展中心路8号", "深圳市福田区会展中心路8号"),
        ("台北市大安區和平東路二段106號", "台北市大安區和平東路二段106號"),
        ("武汉市江汉区发展大道185号好", "武汉市江汉区发展大道185号"),
        ("香港九龍尖沙咀廣東道9號港威大廈6座21樓2101-2103室", "香港九龍尖沙咀廣東道9號港威大廈6座21樓2101-2103室"),
        ("河北省石家庄市裕华区槐安东路88号卓达院士村6-2-301", "河北省石家庄市裕华区槐安东路88号卓达院士村6-2-301"),
    ],
)
def test_address_is_found_whole(text, address):
    assert strong(text) == {address}


@pytest.mark.parametrize(
    "text",
    [
        "他去了北京,明天去上海",
        "一楼二号窗口",
        "道路3号",
        "这条路3号开通",
        "第3号线路10号出口",
        "每天走路30分钟",
        "沿着长安街走3公里",
        "他在三楼2室等你",
        "订单号12号发货",
    ],
)
def test_place_without_an_address_is_left_alone(text):
    assert not strong(text)


@pytest.mark.parametrize("piece", ["路1号", "北京市", "区", "村三组", "一", "A1号", "路"])
def test_long_texts_take_linear_time(piece):
    before = time.process_time()
    addresses_in(piece * (20_000 // len(piece)))
    assert time.process_time() - before < 5
